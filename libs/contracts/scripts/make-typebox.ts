import { writeFile } from 'node:fs/promises'
import { bundleFile, bundleTypebox } from './bundle-typebox.ts'

await writeFile(bundleFile, await bundleTypebox())
