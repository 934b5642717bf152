import NIOCore
package import XetAccess
import XetClient
import XetCore
import XetDownload

/// Downloads one file to disk.
package struct LocalDownload: Sendable {
    /// How often another process is asked whether it has finished the same download.
    private static let pollInterval = Duration.milliseconds(200)
    /// Least bytes that are missing, and that an earlier version has, for which that is worth to be read.
    private static let leastUpdateByteCount: UInt64 = 1 << 20

    package let parts: HubParts
    private let scope: TokenScope
    private let request: FileRequest?
    package let file: ResolvedFile
    package let observer: any DownloadObserver
    private let openingRetry: RetryPolicy

    /// A download of `file`, whose `request` is `nil` when only its hash is known.
    ///
    /// `openingRetry` says when requests are repeated that come before the first byte; those of one file alone are not for long.
    package init(
        parts: HubParts,
        scope: TokenScope,
        request: FileRequest?,
        file: ResolvedFile,
        observer: any DownloadObserver,
        openingRetry: RetryPolicy = RetryPolicy()
    ) {
        self.parts = parts
        self.scope = scope
        self.request = request
        self.file = file
        self.observer = observer
        self.openingRetry = openingRetry
    }

    private var claim: ContentClaim { ContentClaim(file) }

    /// Makes a plain file of that name the one that is meant; returns whether something had to be done for it.
    ///
    /// It is replaced in one step, and only when the new one is whole and right: until then that is in a ``PartialFile``. If a file
    /// with the right content is there nothing is done. Otherwise what is there is a source of chunks, or `earlier` is.
    package func toFile(_ path: LocalPath, earlier: EarlierFile? = nil) async throws -> Bool {
        var earlier = earlier ?? EarlierFile(path)
        var isWaiting = false
        var rejected: OutputPlace?
        while true {
            guard case .file(let place) = try await Blocking.run({ try OutputTarget(path) }) else {
                throw LocalFileError.unwritable(path, .other)
            }
            if place.canMatch(claim), try rejected?.isUnchanged() != true {
                let (outcome, chunks) = try await observer.during("comparing \(path)") {
                    try await place.comparison(with: claim)
                }
                if earlier.path == path { earlier.chunks = chunks }
                if outcome == .match {
                    observer.tell("\(path) is there already, with the same content")
                    return false
                }
                rejected = place
            }
            if let partial = try await Blocking.run({ [claim] in try PartialFile(for: place, of: claim) }) {
                // Another process may have finished while this one looked for the part that it left.
                if try place.isUnchanged() {
                    try await complete(partial, path, earlier)
                    return true
                }
                partial.leave()
            } else {
                if !isWaiting { observer.tell("waiting for another process that downloads \(path)") }
                isWaiting = true
                try await Task.sleep(for: Self.pollInterval)
            }
        }
    }

    /// Makes a partial file whole, checks it, and gives it its name.
    private func complete(_ partial: PartialFile, _ path: LocalPath, _ earlier: EarlierFile) async throws {
        do {
            if try await !goOn(partial, earlier) {
                let isVerified = try await write(partial, from: 0, earlier)
                if !isVerified, try await check(partial) == .mismatch {
                    try partial.remove()
                    throw XetError(.corrupt, "the downloaded bytes do not have the hash that the Hub states")
                }
            }
            try await Blocking.run { try partial.commit() }
        } catch {
            let byteCount = partial.leave()
            throw byteCount == 0
                ? error : UnfinishedDownload(cause: error, partial: partial.path, byteCount: byteCount)
        }
        if let byteCount = file.byteCount { observer.noteVerified(path, byteCount: byteCount) }
    }

    /// Completes what an earlier download left; `false` if that was nothing, or was wrong.
    private func goOn(_ partial: PartialFile, _ earlier: EarlierFile) async throws -> Bool {
        let start = try partial.usableByteCount()
        if start == 0 { return false }
        if start != file.byteCount { _ = try await write(partial, from: start, earlier) }
        if try await check(partial) == .match { return true }
        observer.tell("the part left by an earlier download does not fit: starting anew")
        return false
    }

    private func check(_ partial: PartialFile) async throws -> ContentClaim.Outcome {
        try await observer.during("verifying \(partial.path)") { try await partial.check() }
    }

    /// Downloads what follows the first `start` bytes, or all of it if that cannot be had; whether it is proven to be right.
    private func write(_ partial: PartialFile, from start: UInt64, _ earlier: EarlierFile) async throws -> Bool {
        guard let update = try await update(from: start, earlier) else { return try await write(partial, from: start) }
        do {
            return try await write(partial, from: start, update)
        } catch let error as XetError where [.invalidResponse, .corrupt].contains(error.code) {
            // Nothing that is wrong with the earlier file is to keep anybody from the new one.
            update.distrust()
            observer.tell("\(earlier.path) is of no use: \(error.message)")
            return try await write(partial, from: 0)
        }
    }

    /// What of the file's bytes from `start` on an earlier version has.
    private func update(from start: UInt64, _ earlier: EarlierFile) async throws -> FileUpdate? {
        guard case .xet(let hash) = file.storage, let byteCount = file.byteCount,
            byteCount - min(byteCount, start) >= Self.leastUpdateByteCount,
            try await Blocking.run({ earlier.byteCount >= Self.leastUpdateByteCount })
        else { return nil }
        let source = PatientReconstructions(upstream: parts.cas.reconstructions(for: scope), retry: openingRetry)
        do {
            return try await observer.during("looking for chunks in \(earlier.path)") {
                try await FileUpdate.find(hash, byteCount: byteCount, in: earlier, from: source)
            }
        } catch let error where error is XetError || error is LocalFileError {
            // Whatever is wrong with the earlier file: the new one can be had without it.
            observer.tell("\(earlier.path) is of no use: \((error as? XetError)?.message ?? "\(error)")")
            return nil
        }
    }

    private func write(_ partial: PartialFile, from start: UInt64, _ update: FileUpdate? = nil) async throws -> Bool {
        let source = try await source(from: start, update)
        let writer = try await Blocking.run { try partial.writer(from: source.start) }
        var sink = ProgressSink(writer, start: source.start, observer: observer, update: update)
        observer.begin(name, total: file.byteCount, start: source.start, isKept: true)
        do {
            defer { observer.end() }
            try await source.stream(retry: parts.bodyRetry, into: &sink)
        } catch {
            var writer = sink.base
            // The cause is what failed first; a block that cannot be written either is downloaded again.
            try? writer.flush()
            throw error
        }
        var rest = sink.base
        try rest.flush()
        return source.isVerifiedInStream
    }

    /// What the display calls it.
    package var name: String {
        request?.path.split(separator: "/").last.map(String.init) ?? "\(file.byteCount ?? 0) bytes"
    }

    package func source(from start: UInt64, _ update: FileUpdate? = nil) async throws -> ContentSource {
        let range = file.byteCount.flatMap { FileByteRange(start: start, end: $0) }
        return try await openingRetry.run(clock: ContinuousClock()) {
            try await parts.open(file, request, scope, range: range, update: update)
        }
    }
}
