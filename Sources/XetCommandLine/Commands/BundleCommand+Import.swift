import ArgumentParser
import NIOCore
import Synchronization
import XetBundle
import XetCache
import XetLocal
import XetSharing
import _NIOFileSystem

extension BundleCommand {
    /// The command `xet bundle import`.
    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import",
            abstract: "Put a bundle into a cache that no proxy uses, or into a store that proxies share.",
            discussion: """
                Nothing of it can be seen before its last byte was right, and its signature that of a key that is \
                trusted, if any is named. An import that ended early goes on with what it had written. Into a store \
                it goes by way of a folder: --cache, which keeps it too, or one that is removed in the end. Proxies \
                with that store and --signing-key-file, also those that run, have it within a minute:
                  xet bundle import v1.bundle --cache-store s3://bucket/site --signing-key-file key
                  xet proxy --offline --cache-store s3://bucket/site --signing-key-file key
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
        var cache: LocalPath?

        @Option(help: ArgumentHelp("The store: s3://BUCKET/PREFIX.", valueName: "url"))
        var cacheStore: String?

        @Option(
            help: ArgumentHelp(
                "File with the secret that the proxies of the store have. (env XET_SIGNING_KEY_FILE, XET_SIGNING_KEY)",
                valueName: "file"
            ),
            completion: .file()
        )
        var signingKeyFile: String?

        @OptionGroup var trust: BundleTrustOptions

        @Flag(help: "Show repositories to everybody that not everybody could see where the bundle was made.")
        var forAll = false

        @Flag(help: "Remove what imports left that ended early, and import nothing.")
        var discard = false

        @Flag(help: "Print JSON.")
        var json = false

        @Flag(name: .shortAndLong, help: "Show no progress.")
        var quiet = false

        @OptionGroup(title: "Options for a store") var store: StoreOptions

        func validate() throws {
            guard (file == nil) == discard else {
                throw ValidationError(discard ? "With '--discard' name no bundle." : "Say which bundle.")
            }
            guard signingKeyFile == nil || cacheStore != nil else {
                throw ValidationError("'--signing-key-file' is for '--cache-store'.")
            }
            guard cache != nil || cacheStore != nil && !discard else {
                throw ValidationError(
                    discard ? "Say of which folder: '--cache'." : "Say where to: '--cache' or '--cache-store'."
                )
            }
        }

        func run() async throws {
            guard let file else {
                guard let cache else { return }
                try await CacheOptions.reporting(cache) { store in
                    let count = try await BundleImport.discardStaged(in: store)
                    if !quiet { Descriptor.standardError.print("\(count) unfinished imports removed") }
                }
                return
            }
            guard let cacheStore else { return try await run(file, nil) }
            try await CommandFailure.reporting {
                let secret = try SigningSecret.key(file: signingKeyFile)
                try await store.withStore(cacheStore, secret: secret) { try await run(file, $0) }
            }
        }

        /// Imports by way of a folder, and from there into a store if there is one.
        private func run(_ file: LocalPath, _ store: OpenStore?) async throws {
            if let cache { return try await run(file, by: cache, store) }
            try await FileSystem.shared.withTemporaryDirectory { _, path in
                try await run(file, by: LocalPath(bytes: Array(path.string.utf8)), store)
            }
        }

        private func run(_ file: LocalPath, by folder: LocalPath, _ store: OpenStore?) async throws {
            let isQuiet = quiet || json
            try await CacheOptions.reporting(
                folder,
                isExisting: false,
                time: { Int64(clamping: Assembly.time()) }
            ) { disk in
                let trusted = try trust.keys()
                let bundle = try BundleFile(file)
                let archive = cache == nil ? nil : try await OpenCache.archive(of: folder)
                let shared = store.map { StoreImport($0.objects, area: $0.area, kept: disk) }
                // What is wrong with the store is better told before all of the bundle has been read.
                try await shared?.check()
                let result = Mutex<BundleImport.Summary?>(nil)
                try await Interruption.handling {
                    let bar = SharedProgress("import", total: bundle.byteCount, isQuiet: isQuiet)
                    defer { bar.finish() }
                    let found = try await BundleImport(
                        into: disk,
                        archive: archive,
                        isForAll: forAll,
                        base: { try await shared?.entries(of: $0, in: $1) ?? [] }
                    ).run(
                        bundle.stream(trusted: trusted),
                        byteCount: bundle.byteCount
                    ) {
                        bar.advance(to: $0)
                    } onImported: { imported in
                        bar.finish()
                        if let shared { try await put(imported, into: shared, isQuiet: isQuiet) }
                    }
                    result.withLock { $0 = found }
                } describe: { interruption, _ in
                    interruption
                }
                guard let found = result.withLock({ $0 }) else { return }
                try tell(found, cacheByteCount: cache == nil ? nil : disk.byteCount, shared?.tally)
            }
        }

        /// Puts what was imported into a store, what makes it visible last.
        private func put(_ imported: BundleImport.Imported, into store: StoreImport, isQuiet: Bool) async throws {
            let bar = SharedProgress("store", total: nil, isQuiet: isQuiet)
            defer { bar.finish() }
            let byteCount = Mutex<UInt64>(0)
            try await store.put(imported.chunks) { count in
                let sum = byteCount.withLock { sum in
                    sum += UInt64(count)
                    return sum
                }
                bar.advance(to: sum)
            }
            for file in imported.files {
                try await store.put(file.hash, byteCount: file.byteCount, try await imported.parts(of: file.hash))
            }
            try await store.put(imported.contents, forAll: forAll) { try await imported.answers($0) }
        }

        private func tell(
            _ summary: BundleImport.Summary,
            cacheByteCount: Int?,
            _ store: StoreImport.Tally?
        ) throws {
            let report = BundleImportReport(summary, cacheByteCount: cacheByteCount, store)
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
    /// Bytes in the cache, if it stays.
    let cacheBytes: Int?
    /// Bytes of objects that were written into a store, and bytes of chunks that were there.
    let storeWrittenBytes: Int?
    let storeKeptBytes: Int?
    let signer: String?

    init(_ summary: BundleImport.Summary, cacheByteCount: Int?, _ store: StoreImport.Tally?) {
        repositories = summary.contents.sources.map(BundleVerifyReport.Source.init)
        hidden = summary.hiddenRepositories
        answers = summary.outcome.counts.answerCount
        files = summary.outcome.counts.fileCount
        chunks = summary.outcome.counts.chunkCount
        writtenBytes = summary.writtenByteCount
        resumedBytes = summary.resumedByteCount
        keptBytes = summary.keptByteCount
        cacheBytes = cacheByteCount
        storeWrittenBytes = store?.writtenByteCount
        storeKeptBytes = store?.keptByteCount
        signer = summary.outcome.signer?.text
    }

    var text: String {
        let rest = [
            resumedBytes > 0 ? "\(ReadableSize.text(UInt64(resumedBytes))) had been written before" : nil,
            keptBytes > 0 ? "\(ReadableSize.text(UInt64(keptBytes))) were there" : nil,
        ]
        let parts = ["\(files) files; \(ReadableSize.text(UInt64(writtenBytes))) written"] + rest.compactMap(\.self)
        var sentences = [parts.joined(separator: ", ")]
        if let cacheBytes { sentences.append("the cache has \(ReadableSize.text(UInt64(cacheBytes)))") }
        if let storeWrittenBytes, let storeKeptBytes {
            sentences.append(
                "the store has got \(ReadableSize.text(UInt64(storeWrittenBytes))), and had "
                    + ReadableSize.text(UInt64(storeKeptBytes))
            )
        }
        return sentences.joined(separator: "; ")
    }
}
