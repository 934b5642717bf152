import Testing
import XetCore
import _NIOFileSystem

@testable import XetOrigin

@Suite struct FolderScanTests {
    private func scan(_ folder: RepositoryFolder) async throws -> [String: [String]] {
        let found = try await FolderScan(root: folder.location(""), logger: OriginFixture.logger).repositories()
        return Dictionary(uniqueKeysWithValues: found.map { ($0.repository.description, $0.files.map(\.path.text)) })
    }

    @Test func `finds repositories and their files`() async throws {
        let files: [String: [UInt8]] = [
            "models/acme/demo/b.bin": [1], "models/acme/demo/a/deep/x.bin": [2], "models/acme/demo/.gitattributes": [3],
            "models/acme/demo/.git/config": [4], "datasets/acme/demo/train set/ü #?%.bin": [5],
            "spaces/acme/app/app.py": [6],
            "kernels/acme/k/build.toml": [6], "buckets/acme/b/x": [6],
            "models/stray.txt": [7], "other/acme/demo/x": [8],
            "models/acme/not a name/x": [9],
        ]
        try await RepositoryFolder.with(files) { folder async throws in
            #expect(
                try await scan(folder) == [
                    "acme/demo": [".gitattributes", "a/deep/x.bin", "b.bin"],
                    "datasets/acme/demo": ["train set/ü #?%.bin"],
                    "spaces/acme/app": ["app.py"], "kernels/acme/k": ["build.toml"],
                ]
            )
        }
    }

    @Test func `follows links inside the repository only`() async throws {
        let files: [String: [UInt8]] = [
            "models/acme/demo/real.bin": [1], "models/acme/demo/sub/other.bin": [2], "models/acme/secret/x.bin": [3],
            "models/acme/demo-2/x.bin": [4], "outside.bin": [5],
        ]
        try await RepositoryFolder.with(files) { folder in
            let links = [
                "inside.bin": "real.bin", "sub/up.bin": "../real.bin", "leak.bin": "../secret/x.bin",
                "sibling.bin": "../demo-2/x.bin", "outside.bin": "../../../outside.bin", "passwd": "/etc/passwd",
                "dangling": "nothing", "folder": "sub", "loop": "loop", "self": ".",
            ]
            for (name, target) in links {
                try await FileSystem.shared.createSymbolicLink(
                    at: folder.location("models/acme/demo/\(name)"),
                    withDestination: FilePath(target)
                )
            }
            try await FileSystem.shared.createSymbolicLink(
                at: folder.location("models/acme/linked"),
                withDestination: "demo"
            )
            let found = try await scan(folder)
            #expect(found["acme/demo"] == ["inside.bin", "real.bin", "sub/other.bin", "sub/up.bin"])
            #expect(found["acme/linked"] == nil)
        }
    }

    @Test func `an empty folder has no repositories`() async throws {
        try await RepositoryFolder.with(["x": []]) { folder async throws in
            #expect(try await scan(folder).isEmpty)
        }
    }
}
