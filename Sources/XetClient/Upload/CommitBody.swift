import NIOCore
public import XetCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A change in a repository.
public enum CommitChange: Sendable {
    /// A file whose content comes with the commit.
    case file(path: String, UploadContent)
    /// A file whose content is there already, by XET or Git LFS.
    case largeFile(path: String, SHA256Digest, byteCount: UInt64)
    case delete(path: String)
}

/// The body of a commit: a line of JSON for each thing, read as it is sent.
public struct CommitBody: Sendable {
    /// A multiple of 3, so that only the end of a file is padded.
    private static let blockByteCount = 3 << 16

    private enum Part: Sendable {
        case text([UInt8])
        case base64(UploadContent)
    }

    private struct Line<Value: Encodable>: Encodable {
        let key: String
        let value: Value
    }

    private struct Header: Encodable {
        let summary: String
        let description: String
    }

    private struct LargeFile: Encodable {
        let path: String
        let algo = "sha256"
        let oid: String
        let size: UInt64
    }

    private struct Path: Encodable {
        let path: String
    }

    private let parts: [Part]

    /// A commit of `changes`.
    public init(summary: String, description: String, _ changes: [CommitChange]) throws {
        let encoder = JSONEncoder()
        var parts: [Part] = []
        func add(_ line: some Encodable) throws {
            parts.append(.text(try encoder.encode(line) + [UInt8(ascii: "\n")]))
        }
        try add(Line(key: "header", value: Header(summary: summary, description: description)))
        for change in changes {
            switch change {
            case .file(let path, let content):
                let name = String(decoding: try encoder.encode(path), as: UTF8.self)
                let start = #"{"key":"file","value":{"path":\#(name),"encoding":"base64","content":""#
                parts += [.text(Array(start.utf8)), .base64(content), .text(Array("\"}}\n".utf8))]
            case .largeFile(let path, let sha256, let byteCount):
                try add(Line(key: "lfsFile", value: LargeFile(path: path, oid: sha256.text, size: byteCount)))
            case .delete(let path):
                try add(Line(key: "deletedFile", value: Path(path: path)))
            }
        }
        self.parts = parts
    }

    /// Its length.
    var byteCount: Int64 {
        parts.reduce(0) { sum, part in
            switch part {
            case .text(let text): sum + Int64(text.count)
            case .base64(let content): sum + Int64((content.byteCount + 2) / 3 * 4)
            }
        }
    }

    var body: UpstreamRequest.Body { UpstreamRequest.Body(byteCount: byteCount, Pieces(rest: parts[...])) }

    private struct Pieces: AsyncSequence, AsyncIteratorProtocol {
        typealias Element = ByteBuffer
        typealias Failure = any Error

        var rest: ArraySlice<Part>
        /// The content that is being sent.
        var content: UploadContent.Pieces?

        func makeAsyncIterator() -> Pieces { self }

        mutating func next() async throws -> ByteBuffer? {
            while true {
                if let piece = try await content?.next() {
                    return ByteBuffer(string: Data(piece.readableBytesView).base64EncodedString())
                }
                content = nil
                switch rest.popFirst() {
                case nil: return nil
                case .text(let text): return ByteBuffer(bytes: text)
                case .base64(let content):
                    self.content = content.pieces(byteCount: CommitBody.blockByteCount)
                }
            }
        }
    }
}
