package import NIOCore
package import XetAccess
package import XetBundle
import XetClient
package import XetCore
import XetDownload

/// Makes a bundle of repositories, from a Hub or through a proxy.
///
/// It is written as it comes: what is held are some windows of files, and the hashes of the chunks (40 bytes for
/// each). Every file is checked against its hash before the end is written.
package struct BundleCreation: Sendable {
    /// A repository at a revision.
    package struct Target: Sendable {
        package let repository: Repository
        package let revision: String
        package let filter: PathFilter

        package init(repository: Repository, revision: String, filter: PathFilter) {
            self.repository = repository
            self.revision = revision
            self.filter = filter
        }
    }

    /// What was put in.
    package struct Summary: Sendable {
        package fileprivate(set) var fileCount = 0
        /// Bytes of all files.
        package fileprivate(set) var fileByteCount: UInt64 = 0
        /// Files whose hash could not be computed, since only who gets the bundle knows some of their chunks.
        package fileprivate(set) var uncheckedFileCount = 0
        package fileprivate(set) var counts = BundleEnd()
        /// Bytes of the bundle.
        package fileprivate(set) var byteCount: UInt64 = 0
    }

    /// A repository of which it is known what is in it.
    private struct Source: Sendable {
        let target: Target
        let items: [RepositoryListing.Item]
        let commit: String
        let answers: HubAnswers
        let isPublic: Bool
    }

    /// Windows of files at once; each takes at most about 20 MiB.
    private static let windowsAtOnce = 4
    /// Questions at once.
    private static let questionsAtOnce = 8
    private static let termsPerRecord = 1 << 16

    private let parts: HubParts
    private let xorbs: any XorbSource
    private let token: HubToken?
    private let base: ChunkLedger
    private let have: ChunkSet
    private let key: SigningKey?
    private let time: @Sendable () -> Int64
    private let progress: @Sendable (_ done: UInt64, _ total: UInt64) -> Void

    /// A bundle without the chunks of `base`, whose hashes are known, and of `have`; signed if there is a `key`.
    ///
    /// `progress` gets bytes of files in XET.
    package init(
        parts: HubParts,
        token: HubToken?,
        base: ChunkLedger = ChunkLedger(),
        have: ChunkSet = ChunkSet(),
        key: SigningKey? = nil,
        time: @escaping @Sendable () -> Int64,
        progress: @escaping @Sendable (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) {
        self.parts = parts
        xorbs = parts.downloader.xorbs
        self.token = token
        self.base = base
        self.have = have
        self.key = key
        self.time = time
        self.progress = progress
    }

    /// Writes it to `sink`; throws ``XetError``, ``BundleError`` and what `sink` throws.
    package func run(_ targets: [Target], into sink: (ByteBuffer) async throws -> Void) async throws -> Summary {
        var sources: [Source] = []
        for target in targets { sources.append(try await source(target)) }
        var writer = BundleWriter()
        var summary = Summary()
        summary.fileCount = sources.reduce(0) { $0 + $1.items.count }
        summary.fileByteCount = sources.flatMap(\.items).reduce(0) { $0 &+ $1.byteCount }
        let contents = BundleContents(sources: sources.map(Self.description))
        try await sink(try writer.begin(contents))
        for source in sources {
            try await writeAnswers(about: source) { try await sink(try writer.append(.answer($0))) }
        }
        summary.uncheckedFileCount = try await writeFiles(sources) { try await sink(try writer.append($0)) }
        summary.counts = writer.counts
        try await sink(try writer.finish(signedBy: key))
        summary.byteCount = writer.byteCount
        return summary
    }

    private static func description(of source: Source) -> BundleContents.Source {
        let repository = source.target.repository
        return BundleContents.Source(
            repository: "\(repository.kind.plural)/\(repository.name)",
            revision: source.target.revision,
            commit: source.commit,
            isPublic: source.isPublic
        )
    }

    private func source(_ target: Target) async throws -> Source {
        let repository = target.repository
        guard repository.kind.hasRevisions else {
            throw XetError(.invalidRequest, "\(repository) is a bucket: it has no commits that a bundle could be of")
        }
        let listing = RepositoryListing(
            hub: parts.hub,
            retry: parts.bodyRetry,
            repository: repository,
            revision: target.revision,
            token: token,
            filter: target.filter
        )
        let (items, commit) = try await listing.files()
        for item in items where item.file.storage == .regular {
            guard item.byteCount <= UInt64(HubAnswers.maximumBodyByteCount) else {
                throw XetError(
                    .invalidRequest,
                    "\(item.path.text) in \(repository) is not in XET and has \(item.byteCount) bytes; a bundle "
                        + "takes at most \(HubAnswers.maximumBodyByteCount) of such a file: leave it out with --exclude"
                )
            }
        }
        let answers = HubAnswers(
            hub: parts.hub,
            retry: parts.bodyRetry,
            repository: repository,
            token: token,
            time: time
        )
        let isPublic = if let first = items.first { try await answers.isPublic(first, commit: commit) } else { false }
        return Source(target: target, items: items, commit: commit, answers: answers, isPublic: isPublic)
    }

    private func writeAnswers(
        about source: Source,
        _ write: (ArchivedAnswer) async throws -> Void
    ) async throws {
        let (items, commit, answers) = (source.items, source.commit, source.answers)
        try await answers.aboutRepository(revision: source.target.revision, commit: commit, write)
        try await OrderedJobs.run(items.count, atOnce: Self.questionsAtOnce) { index in
            try await answers.head(of: items[index], commit: commit)
        } take: { index, head in
            try await write(head)
            guard items[index].file.storage == .regular else { return }
            try await write(try await answers.content(of: items[index], commit: commit, head: head))
        }
    }

    /// Writes chunks and terms of all files in XET, each once; returns how many could not be checked.
    private func writeFiles(
        _ sources: [Source],
        _ write: (BundleRecord) async throws -> Void
    ) async throws -> Int {
        let files = files(sources)
        let total = files.reduce(0) { $0 + $1.byteCount }
        var known = base.chunks
        known.formUnion(have)
        let windows = BundleWindows(xorbs: xorbs, retry: parts.bodyRetry, known: Relay(known))
        // Where the windows of each file begin.
        var starts: [Int] = []
        var count = 0
        for file in files {
            starts.append(count)
            count += file.windowCount
        }
        var state = (ledger: base, terms: FileTerms(), done: UInt64(0), unchecked: 0)
        for file in files where file.byteCount == 0 {
            let part = FilePart(start: 0, terms: [])
            try await write(.file(BundledFile(hash: file.hash, byteCount: 0, part: part)))
        }
        let places = WindowPlaces(starts: starts)
        try await OrderedJobs.run(count, atOnce: Self.windowsAtOnce) { number in
            let (file, index) = places.place(of: number)
            return try await windows.fetch(index, of: files[file], turn: UInt64(number))
        } take: { number, window in
            let (index, window0) = places.place(of: number)
            let file = files[index]
            for run in window.runs {
                state.ledger.insert(run)
                try await write(.chunks(run))
            }
            if window0 == 0 { state.terms = FileTerms() }
            try state.terms.append(window.part, of: file.name)
            guard window0 == file.windowCount - 1 else {
                progress(state.done + UInt64(window0 + 1) * BundleWindows.byteCount, total)
                return
            }
            state.done += file.byteCount
            progress(state.done, total)
            if try await !check(file, state.terms.terms, state.ledger) { state.unchecked += 1 }
            try await self.write(file, state.terms.terms, write)
        }
        return state.unchecked
    }

    /// The files in XET, each hash once.
    private func files(_ sources: [Source]) -> [BundleWindows.File] {
        var files: [BundleWindows.File] = []
        var seen: Set<FileHash> = []
        for source in sources {
            let repository = source.target.repository
            let scope = TokenScope(repository: repository, revision: source.commit, token: token)
            let reconstructions = parts.cas.reconstructions(for: scope)
            for item in source.items {
                guard case .xet(let hash) = item.file.storage, seen.insert(hash).inserted else { continue }
                files.append(
                    BundleWindows.File(
                        hash: hash,
                        byteCount: item.byteCount,
                        source: reconstructions,
                        name: item.path.text
                    )
                )
            }
        }
        return files
    }

    /// Compares a file with its hash; `false` if the hashes of some chunks are not known here.
    private func check(
        _ file: BundleWindows.File,
        _ terms: [Term],
        _ ledger: ChunkLedger
    ) async throws -> Bool {
        var folding = FileFolding(file.hash, byteCount: file.byteCount)
        do {
            try await folding.append(FilePart(start: 0, terms: terms)) { ledger.entries(of: $0, in: $1) }
            try folding.finish()
            return true
        } catch BundleError.missingChunk where !have.isEmpty {
            return false
        } catch let error as BundleError {
            throw XetError(.corrupt, "\(file.name) is not what its hash says", cause: error)
        }
    }

    private func write(
        _ file: BundleWindows.File,
        _ terms: [Term],
        _ write: (BundleRecord) async throws -> Void
    ) async throws {
        var start: UInt64 = 0
        var rest = terms[...]
        while !rest.isEmpty {
            let part = FilePart(start: start, terms: Array(rest.prefix(Self.termsPerRecord)))
            rest = rest.dropFirst(Self.termsPerRecord)
            start = part.end
            try await write(.file(BundledFile(hash: file.hash, byteCount: file.byteCount, part: part)))
        }
    }
}

/// Which file, and which window of it, has a number among all windows.
private struct WindowPlaces: Sendable {
    let starts: [Int]

    func place(of number: Int) -> (file: Int, window: Int) {
        // The last file that begins at or before the number: files without windows begin where the next one does.
        var (low, high) = (0, starts.count)
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= number { low = middle + 1 } else { high = middle }
        }
        return (low - 1, number - starts[low - 1])
    }
}
