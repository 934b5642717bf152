import NIOCore
import XetAccess
import XetClient
import XetCore
import XetDownload
import XetLocal

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Downloads one file to disk or to a stream.
struct LocalDownload: Sendable {
    /// How often another process is asked whether it has finished the same download.
    private static let pollInterval = Duration.milliseconds(200)

    let parts: Assembly
    let scope: TokenScope
    /// `nil` when only the hash is known.
    let request: FileRequest?
    let file: ResolvedFile
    let isQuiet: Bool
    let display: DownloadDisplay
    /// When requests are repeated that come before the first byte; those of one file alone are not for long.
    var openingRetry = RetryPolicy()

    var claim: ContentClaim { ContentClaim(file) }

    /// Writes the file to a stream, and nothing else.
    ///
    /// A failure after the first byte shows in the exit code only.
    func toStream(_ descriptor: Descriptor) async throws {
        let source = try await source(from: 0)
        display.begin(name, total: file.byteCount, start: 0, isKept: false)
        defer { display.end() }
        var sink = ProgressSink(StreamSink(descriptor: descriptor), start: 0, display: display)
        try await source.stream(retry: parts.bodyRetry, into: &sink)
    }

    /// Writes the file to `path`.
    ///
    /// A pipe or a device takes the bytes as they come. A plain file is replaced in one step, and only when the new one is
    /// whole and right: until then it is in a ``PartialFile``. If a file with the right content is there nothing is done.
    func toPath(_ path: LocalPath) async throws {
        switch try await Blocking.run({ try OutputTarget(path) }) {
        case .file:
            try await Interruption.handling {
                _ = try await toFile(path)
            } describe: { interruption, failure in
                guard let unfinished = failure as? UnfinishedDownload else { return interruption }
                return UnfinishedDownload(
                    cause: interruption,
                    partial: unfinished.partial,
                    byteCount: unfinished.byteCount
                )
            }
        case .special:
            let file = try await Blocking.run { try OpenFile(path, flags: O_WRONLY | O_NOCTTY, operation: .open) }
            let kind = try file.status().kind
            // Something else took its place: a file would have to be replaced, not overwritten.
            guard kind != .regular else { throw LocalFileError.unwritable(path, kind) }
            defer { withExtendedLifetime(file) {} }
            try await toStream(Descriptor(number: file.number))
        case .descriptor(let number):
            try await toStream(Descriptor(number: number))
        }
    }

    /// Makes a plain file of that name the one that is meant; returns whether something had to be done for it.
    func toFile(_ path: LocalPath) async throws -> Bool {
        var isWaiting = false
        var rejected: OutputPlace?
        while true {
            guard case .file(let place) = try await Blocking.run({ try OutputTarget(path) }) else {
                throw LocalFileError.unwritable(path, .other)
            }
            if place.canMatch(claim), try rejected?.isUnchanged() != true {
                let outcome = try await ProgressBar.during("comparing \(path)", isQuiet: isQuiet) {
                    try await place.compare(with: claim)
                }
                if outcome == .match {
                    tell("\(path) is there already, with the same content")
                    return false
                }
                rejected = place
            }
            if let partial = try await Blocking.run({ [claim] in try PartialFile(for: place, of: claim) }) {
                // Another process may have finished while this one looked for the part that it left.
                if try place.isUnchanged() {
                    try await complete(partial, path)
                    return true
                }
                partial.leave()
            } else {
                if !isWaiting { tell("waiting for another process that downloads \(path)") }
                isWaiting = true
                try await Task.sleep(for: Self.pollInterval)
            }
        }
    }

    /// Makes a partial file whole, checks it, and gives it its name.
    private func complete(_ partial: PartialFile, _ path: LocalPath) async throws {
        do {
            if try await !goOn(partial) {
                let isVerified = try await write(partial, from: 0)
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
        if Descriptor.standardError.isTerminal, let byteCount = file.byteCount {
            tell("\(path): \(ReadableSize.text(byteCount)), verified")
        }
    }

    /// Completes what an earlier download left; `false` if that was nothing, or was wrong.
    private func goOn(_ partial: PartialFile) async throws -> Bool {
        let start = try partial.usableByteCount()
        if start == 0 { return false }
        if start != file.byteCount { _ = try await write(partial, from: start) }
        if try await check(partial) == .match { return true }
        tell("the part left by an earlier download does not fit: starting anew")
        return false
    }

    private func check(_ partial: PartialFile) async throws -> ContentClaim.Outcome {
        try await ProgressBar.during("verifying \(partial.path)", isQuiet: isQuiet) { try await partial.check() }
    }

    /// Downloads what follows the first `start` bytes, or all of it if that cannot be had; whether it is proven to be right.
    private func write(_ partial: PartialFile, from start: UInt64) async throws -> Bool {
        let source = try await source(from: start)
        let writer = try await Blocking.run { try partial.writer(from: source.start) }
        var sink = ProgressSink(writer, start: source.start, display: display)
        display.begin(name, total: file.byteCount, start: source.start, isKept: true)
        do {
            defer { display.end() }
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
    private var name: String {
        request?.path.split(separator: "/").last.map(String.init) ?? "\(file.byteCount ?? 0) bytes"
    }

    private func source(from start: UInt64) async throws -> ContentSource {
        try await openingRetry.run(clock: ContinuousClock()) { try await open(from: start) }
    }

    private func open(from start: UInt64) async throws -> ContentSource {
        switch file.storage {
        case .xet(let hash):
            guard let byteCount = file.byteCount, let range = FileByteRange(start: start, end: byteCount) else {
                throw XetError(.invalidResponse, "the file has no size")
            }
            let download = try await parts.downloader.prepare(
                hash,
                byteCount: byteCount,
                range: range,
                from: parts.cas.reconstructions(for: scope)
            )
            return .xet(download, start: start)
        case .regular:
            guard let request else { throw XetError(.invalidRequest, "only XET files can be had by hash") }
            let range = file.byteCount.flatMap { FileByteRange(start: start, end: $0) }
            return .regular(try await parts.hub.content(of: request, file, range: range))
        }
    }

    /// Tells the person at the shell, unless silence was asked for.
    private func tell(_ text: String) {
        if !isQuiet { Descriptor.standardError.print(text) }
    }
}
