import { BottomBar } from './bottom-bar.tsx'
import { DetailsDialog } from './compare/details-dialog.tsx'
import { SignIn } from './session/sign-in.tsx'
import './shell/keep-focus.ts'
import { continueUploads } from './upload/continue-uploads.ts'

void continueUploads()

/** The parts of the page that the first view does not show. */
export function DeferredParts() {
  return (
    <>
      <BottomBar />
      <DetailsDialog />
      <SignIn />
    </>
  )
}
