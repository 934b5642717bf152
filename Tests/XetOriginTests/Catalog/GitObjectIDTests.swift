import NIOCore
import Testing
import XetCore

@testable import XetOrigin

@Suite struct GitObjectIDTests {
    @Test func `names blobs as git does`() {
        #expect(GitObjectID(blob: []).text == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
        #expect(GitObjectID(blob: Array("hello\n".utf8)).text == "ce013625030ba8dba906f756967f9e9ca394464a")
        var hasher = GitObjectID.BlobHasher(byteCount: 6)
        hasher.append(ByteBuffer(string: "hel"))
        hasher.append(ByteBuffer(string: "lo\n"))
        #expect(hasher.finish() == GitObjectID(blob: Array("hello\n".utf8)))
    }

    @Test func `names folders as git does`() {
        #expect(GitObjectID(tree: []).text == "4b825dc642cb6eb9a060e54bf8d69288fbee4904")
        let blob = GitObjectID(blob: Array("hello\n".utf8))
        let inner = GitObjectID(tree: [GitObjectID.TreeEntry(name: "f", isFolder: false, object: blob)])
        // `a-b` before the folder `a`, since `-` is less than `/`; then `a0`.
        let tree = GitObjectID(tree: [
            GitObjectID.TreeEntry(name: "a0", isFolder: false, object: blob),
            GitObjectID.TreeEntry(name: "a", isFolder: true, object: inner),
            GitObjectID.TreeEntry(name: "a-b", isFolder: false, object: blob),
        ])
        #expect(inner.text == "10731d0b170b98481a00bdca161e874e0ab93377")
        #expect(tree.text == "a389c1047e5cbd751f7158ac748846eb6b126f7f")
    }

    @Test func `reads its text`() {
        let blob = GitObjectID(blob: [])
        #expect(GitObjectID(blob.text) == blob)
        #expect(GitObjectID("e69de29b") == nil)
        #expect(GitObjectID(String(repeating: "g", count: 40)) == nil)
    }

    @Test func `a pointer is what Git LFS writes`() throws {
        let sha256 = try #require(SHA256Digest("4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"))
        let pointer = LFSPointer(sha256: sha256, byteCount: 12345)
        let text = """
            version https://git-lfs.github.com/spec/v1
            oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
            size 12345

            """
        #expect(pointer.byteCount == text.utf8.count)
        #expect(pointer.object == GitObjectID(blob: Array(text.utf8)))
    }
}
