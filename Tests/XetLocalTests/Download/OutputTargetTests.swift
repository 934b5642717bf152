import Testing
import XetAccess

@testable import XetLocal

@Suite struct OutputTargetTests {
    @Test func `a name that is free, or that of a file, can be written`() async throws {
        try await TemporaryFolder.with { folder in
            try await folder.entry("file").write([1, 2])
            try await folder.entry("link").makeLink(to: "file")
            try await folder.entry("dangling").makeLink(to: "nowhere")
            for (name, byteCount) in [("new", nil), ("file", 2), ("link", 2), ("dangling", nil)] as [(String, UInt64?)]
            {
                guard case .file(let place) = try OutputTarget(folder.entry(name)) else {
                    Issue.record("\(name) is no place for a file")
                    continue
                }
                #expect(place.leadsTo?.byteCount == byteCount)
            }
        }
    }

    @Test(arguments: ["taken", "link", "taken/", "taken/.", "taken/..", ".", "..", ""])
    func `a folder is refused`(name: String) async throws {
        try await TemporaryFolder.with { folder in
            try await folder.entry("taken").makeFolder()
            try await folder.entry("link").makeLink(to: "taken")
            #expect(throws: LocalFileError.folder(folder.entry(name))) { try OutputTarget(folder.entry(name)) }
        }
    }

    @Test func `without a folder there is no place`() async throws {
        try await TemporaryFolder.with { folder in
            try await folder.entry("file").write([1])
            for name in ["none", "file"] {
                let inside = folder.entry(name).entry("x")
                #expect(throws: LocalFileError.noFolder(folder.entry(name))) { try OutputTarget(inside) }
            }
            #expect(throws: LocalFileError.emptyPath) { try OutputTarget(LocalPath("")) }
        }
    }

    @Test func `devices are written into`() throws {
        guard case .special = try OutputTarget(LocalPath("/dev/null")) else {
            Issue.record("/dev/null would be replaced")
            return
        }
    }

    @Test(
        arguments: [("/dev/stdout", 1), ("/dev/stderr", 2), ("/dev/fd/1", 1), ("/dev/./fd/../fd/1", 1)]
            as [(String, CInt)]
    )
    func `names of open files are written into`(path: String, number: CInt) throws {
        guard case .descriptor(number) = try OutputTarget(LocalPath(path)) else {
            Issue.record("\(path) would be replaced")
            return
        }
    }

    @Test func `sees that something changed`() async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.entry("file")
            guard case .file(let place) = try OutputTarget(path) else { return }
            #expect(try place.isUnchanged())
            try await path.write([1])
            #expect(try !place.isUnchanged())
            guard case .file(let place) = try OutputTarget(path) else { return }
            #expect(try place.isUnchanged())
            try await path.write([1, 2])
            #expect(try !place.isUnchanged())
        }
    }
}
