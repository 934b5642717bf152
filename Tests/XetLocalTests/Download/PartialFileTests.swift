import NIOCore
import Testing
import XetAccess
import XetCore
import XetTestSupport

@testable import XetLocal

@Suite struct PartialFileTests {
    private static let content = Inputs.splitmix(3_000_000, seed: 7)
    private static let claim: ContentClaim = {
        var hasher = FileHasher()
        hasher.update(content.rawSpan)
        return ContentClaim(ResolvedFile(storage: .xet(hasher.finish()), byteCount: UInt64(content.count)))
    }()

    private func place(_ path: LocalPath) throws -> OutputPlace {
        guard case .file(let place) = try OutputTarget(path) else { throw LocalFileError.unwritable(path, .other) }
        return place
    }

    private func open(_ path: LocalPath) throws -> PartialFile {
        try #require(try PartialFile(for: place(path), of: Self.claim))
    }

    private func write(_ partial: PartialFile, _ bytes: some Collection<UInt8>, from start: UInt64 = 0) async throws {
        var writer = try partial.writer(from: start)
        var rest = bytes[...]
        while !rest.isEmpty {
            try await writer.deliver(ByteBuffer(bytes: rest.prefix(300_000)))
            rest = rest.dropFirst(300_000)
        }
        #expect(writer.byteCount == start + UInt64(bytes.count))
        try writer.flush()
    }

    @Test func `becomes the file`() async throws {
        try await TemporaryFolder.with { folder in
            for earlier in [nil, [1], [1, 2, 3]] as [[UInt8]?] {
                let path = folder.entry("file")
                if let earlier { try await path.write(earlier) }
                let partial = try open(path)
                try await write(partial, Self.content)
                #expect(try await partial.check() == .match)
                try partial.commit()
                #expect(try await path.content() == Self.content)
                #expect(try await folder.names() == ["file"])
            }
        }
    }

    @Test func `is continued`() async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.entry("file")
            try await write(open(path), Self.content.prefix(1_500_000))
            let partial = try open(path)
            #expect(try partial.usableByteCount() == 1_500_000)
            try await write(partial, Self.content.dropFirst(1_400_000), from: 1_400_000)
            #expect(try await partial.check() == .match)
        }
    }

    @Test(arguments: [(0, 0), (1, 1), (2_999_999, 2_999_999), (3_000_000, 3_000_000), (3_000_001, 0), (9_000_000, 0)])
    func `keeps what can be a part`(byteCount: Int, kept: UInt64) async throws {
        try await TemporaryFolder.with { folder in
            let partial = try open(folder.entry("file"))
            try await write(partial, [UInt8](repeating: 0, count: byteCount))
            #expect(try partial.usableByteCount() == kept)
            #expect(partial.leave() == kept)
            #expect(try await folder.names().isEmpty == (kept == 0))
        }
    }

    @Test func `of unknown content nothing is kept`() async throws {
        try await TemporaryFolder.with { folder in
            let claim = ContentClaim(ResolvedFile(storage: .regular, byteCount: 10, etag: "\"x\""))
            let partial = try #require(try PartialFile(for: place(folder.entry("file")), of: claim))
            try await write(partial, [1, 2, 3])
            #expect(try partial.usableByteCount() == 0)
            #expect(partial.leave() == 0)
            #expect(try await folder.names().isEmpty)
        }
    }

    @Test func `is held by one`() async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.entry("file")
            var first: PartialFile? = try open(path)
            #expect(try PartialFile(for: place(path), of: Self.claim) == nil)
            #expect(try PartialFile(for: place(folder.entry("other")), of: Self.claim) != nil)
            #expect(first?.path != nil)
            first = nil
            #expect(try PartialFile(for: place(path), of: Self.claim) != nil)
        }
    }

    @Test func `what took its name is not touched`() async throws {
        try await TemporaryFolder.with { folder in
            let partial = try open(folder.entry("file"))
            try await write(partial, Self.content)
            try Folder(folder).remove(partial.path.name)
            #expect(throws: LocalFileError.movedPart(partial.path)) { try partial.commit() }
            try await partial.path.write([9])
            #expect(throws: LocalFileError.movedPart(partial.path)) { try partial.commit() }
            #expect(throws: LocalFileError.movedPart(partial.path)) { try partial.remove() }
            #expect(partial.leave() == 0)
            #expect(try await partial.path.content() == [9])
            #expect(try await folder.names() == [String(decoding: partial.path.name, as: UTF8.self)])
        }
    }

    @Test func `a folder of the file's name stays`() async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.entry("file")
            let partial = try open(path)
            try await write(partial, Self.content)
            try await path.makeFolder()
            #expect(throws: LocalFileError.folder(path)) { try partial.commit() }
            // The system refuses as well, if the folder is made between the look and the call.
            #expect(throws: LocalFileError.folder(path)) { try Folder(folder).rename(partial.path.name, to: path.name) }
            try await path.entry("precious").write([1])
            #expect(throws: LocalFileError.folder(path)) { try Folder(folder).rename(partial.path.name, to: path.name) }
            #expect(try await path.entry("precious").content() == [1])
            #expect(partial.leave() == UInt64(Self.content.count))
        }
    }

    @Test func `is no link and no folder`() async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.entry("file")
            let part = try open(path).path
            try Folder(folder).remove(part.name)
            try await folder.entry("victim").write([1])
            try await part.makeLink(to: "victim")
            #expect(throws: LocalFileError.strangePart(part, .symbolicLink)) { try open(path) }
            // The call that opens does not follow it either, if it is made after the look.
            #expect(throws: LocalFileError.self) { try Folder(folder).open(part.name, isNew: false) }
            #expect(try Folder(folder).open(part.name, isNew: true) == nil)
            try Folder(folder).remove(part.name)
            try await part.makeFolder()
            #expect(throws: LocalFileError.strangePart(part, .folder)) { try open(path) }
            #expect(try await folder.entry("victim").content() == [1])
        }
    }
}
