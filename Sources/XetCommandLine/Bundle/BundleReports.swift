import XetBundle
import XetLocal

/// What `xet bundle create --json` prints.
struct BundleCreateReport: Encodable {
    let files: Int
    let fileBytes: UInt64
    let uncheckedFiles: Int
    let answers: UInt64
    let chunks: UInt64
    let chunkBytes: UInt64
    let bundleBytes: UInt64
    let seconds: Double

    init(_ summary: BundleCreation.Summary, seconds: Double) {
        files = summary.fileCount
        fileBytes = summary.fileByteCount
        uncheckedFiles = summary.uncheckedFileCount
        answers = summary.counts.answerCount
        chunks = summary.counts.chunkCount
        chunkBytes = summary.counts.chunkByteCount
        bundleBytes = summary.byteCount
        self.seconds = seconds
    }
}

/// What `xet bundle verify` prints.
struct BundleVerifyReport: Report {
    struct Source: Encodable {
        let repository: String
        let revision: String
        let commit: String
        let `public`: Bool

        init(_ source: BundleContents.Source) {
            repository = source.repository
            revision = source.revision
            commit = source.commit
            `public` = source.isPublic
        }
    }

    let repositories: [Source]
    let answers: UInt64
    let files: UInt64
    /// Files of which some chunks are elsewhere.
    let openFiles: Int
    let chunks: UInt64
    let chunkBytes: UInt64
    let bundleBytes: UInt64
    /// The key that signed it.
    let signer: String?

    init(_ inspection: BundleInspection) {
        repositories = inspection.contents.sources.map(Source.init)
        let counts = inspection.outcome?.counts ?? BundleEnd()
        answers = counts.answerCount
        files = counts.fileCount
        openFiles = inspection.openFiles.count
        chunks = counts.chunkCount
        chunkBytes = counts.chunkByteCount
        bundleBytes = inspection.outcome?.byteCount ?? 0
        signer = inspection.outcome?.signer?.text
    }

    var text: String {
        let lines = repositories.map { source in
            "\(source.repository)  \(source.revision)  \(source.commit)\(source.public ? "" : "  not public")"
        }
        return """
            \(lines.map(DisplayText.escaped).joined(separator: "\n"))
            files    \(files)\(openFiles > 0 ? ", of which \(openFiles) need chunks that are elsewhere" : ", all right")
            answers  \(answers) of the Hub
            chunks   \(chunks), \(chunkBytes) bytes
            size     \(bundleBytes) bytes
            signed   \(signer.map { "by \($0)" } ?? "no")

            """
    }
}
