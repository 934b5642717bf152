import ArgumentParser
import NIOCore
import Synchronization
import XetBundle
import XetCache
import XetLocal

extension BundleCommand {
    /// The command `xet bundle import`.
    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import",
            abstract: "Put a bundle into a cache that no proxy uses.",
            discussion: """
                Nothing of it can be seen before its last byte was right, and its signature that of a key that is \
                trusted, if any is named. An import that ended early goes on with what it had written.
                """
        )

        @Argument(
            help: ArgumentHelp("The bundle; - is standard input.", valueName: "file"),
            completion: .file()
        )
        var file: LocalPath?

        @Option(
            help: ArgumentHelp("Folder of the cache, which is made if it is not there.", valueName: "dir"),
            completion: .directory
        )
        var cache: LocalPath

        @OptionGroup var trust: BundleTrustOptions

        @Flag(help: "Show repositories to everybody that not everybody could see where the bundle was made.")
        var forAll = false

        @Flag(help: "Remove what imports left that ended early, and import nothing.")
        var discard = false

        @Flag(help: "Print JSON.")
        var json = false

        @Flag(name: .shortAndLong, help: "Show no progress.")
        var quiet = false

        func validate() throws {
            guard (file == nil) == discard else {
                throw ValidationError(discard ? "With '--discard' name no bundle." : "Say which bundle.")
            }
        }

        func run() async throws {
            guard let file else {
                try await CacheOptions.reporting(cache) { store in
                    let count = try await BundleImport.discardStaged(in: store)
                    if !quiet { Descriptor.standardError.print("\(count) unfinished imports removed") }
                }
                return
            }
            let isQuiet = quiet || json
            try await CacheOptions.reporting(
                cache,
                isExisting: false,
                time: { Int64(clamping: Assembly.time()) }
            ) { store in
                let trusted = try trust.keys()
                let bundle = try BundleFile(file)
                let archive = try await OpenCache.archive(of: cache)
                let bar = SharedProgress("import", total: bundle.byteCount, isQuiet: isQuiet)
                defer { bar.finish() }
                let summary = Mutex<BundleImport.Summary?>(nil)
                try await Interruption.handling {
                    let found = try await BundleImport(into: store, archive: archive, isForAll: forAll).run(
                        bundle.stream(trusted: trusted),
                        byteCount: bundle.byteCount
                    ) { bar.advance(to: $0) }
                    summary.withLock { $0 = found }
                } describe: { interruption, _ in
                    interruption
                }
                if let found = summary.withLock({ $0 }) { try tell(found, byteCount: store.byteCount) }
            }
        }

        private func tell(_ summary: BundleImport.Summary, byteCount: Int) throws {
            let report = BundleImportReport(summary, cacheByteCount: byteCount)
            if json { try JSONOutput.write(report) }
            for repository in summary.hiddenRepositories {
                CommandFailure.print(
                    "\(repository): not everybody may see it, so nobody is shown it; with --for-all everybody is"
                )
            }
            guard !quiet else { return }
            Descriptor.standardError.print(report.text)
        }
    }
}

/// What `xet bundle import --json` prints.
struct BundleImportReport: Encodable {
    let repositories: [BundleVerifyReport.Source]
    /// Repositories that nobody is shown.
    let hidden: [String]
    let answers: UInt64
    let files: UInt64
    let chunks: UInt64
    /// Bytes of chunks: written, found as an earlier import had left them, and found in the cache.
    let writtenBytes: Int
    let resumedBytes: Int
    let keptBytes: Int
    let cacheBytes: Int
    let signer: String?

    init(_ summary: BundleImport.Summary, cacheByteCount: Int) {
        repositories = summary.contents.sources.map(BundleVerifyReport.Source.init)
        hidden = summary.hiddenRepositories
        answers = summary.outcome.counts.answerCount
        files = summary.outcome.counts.fileCount
        chunks = summary.outcome.counts.chunkCount
        writtenBytes = summary.writtenByteCount
        resumedBytes = summary.resumedByteCount
        keptBytes = summary.keptByteCount
        cacheBytes = cacheByteCount
        signer = summary.outcome.signer?.text
    }

    var text: String {
        let rest = [
            resumedBytes > 0 ? "\(ReadableSize.text(UInt64(resumedBytes))) had been written before" : nil,
            keptBytes > 0 ? "\(ReadableSize.text(UInt64(keptBytes))) were there" : nil,
        ]
        let parts = ["\(files) files; \(ReadableSize.text(UInt64(writtenBytes))) written"] + rest.compactMap(\.self)
        return parts.joined(separator: ", ") + "; the cache has \(ReadableSize.text(UInt64(cacheBytes)))"
    }
}
