import XetAccess
import XetLocal

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension LocalDownload {
    /// Writes the file to a stream, and nothing else.
    ///
    /// A failure after the first byte shows in the exit code only.
    func toStream(_ descriptor: Descriptor) async throws {
        let source = try await source(from: 0)
        observer.begin(name, total: file.byteCount, start: 0, isKept: false)
        defer { observer.end() }
        var sink = ProgressSink(StreamSink(descriptor: descriptor), start: 0, observer: observer)
        try await source.stream(retry: parts.bodyRetry, into: &sink)
    }

    /// Writes the file to `path`.
    ///
    /// A pipe or a device takes the bytes as they come; of a plain file see `toFile`.
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
}
