import NIOCore
import Synchronization
import Testing
import XetCore
import XetTestSupport
import _NIOFileSystem

@testable import XetOrigin

@Suite struct IngestTests {
    /// Files that were read by an origin that starts over a folder.
    private func filesRead(
        _ folder: RepositoryFolder,
        threshold: UInt64 = 100_000
    ) async throws -> (count: Int, byteCount: UInt64) {
        let last = Mutex<IngestProgress?>(nil)
        _ = try await Origin(folder.configuration(threshold: threshold), logger: OriginFixture.logger) { progress in
            last.withLock { $0 = progress }
        }
        guard let progress = last.withLock({ $0 }) else { return (0, 0) }
        #expect(progress.doneFileCount == progress.fileCount)
        #expect(progress.doneByteCount == progress.byteCount)
        return (progress.doneFileCount, progress.doneByteCount)
    }

    private static let files: [String: [UInt8]] = [
        "models/acme/demo/large.bin": Inputs.splitmix(300_000, seed: 91), "models/acme/demo/small.txt": [1, 2, 3],
        "datasets/acme/data/large.bin": Inputs.lines(200_000), "models/acme/demo/empty": [],
    ]

    @Test func `reads what is new or has changed only`() async throws {
        try await RepositoryFolder.with(Self.files) { folder async throws in
            #expect(try await filesRead(folder) == (4, 500_003))
            #expect(try await filesRead(folder) == (0, 0))

            try await folder.write(Inputs.splitmix(300_000, seed: 92), to: "models/acme/demo/large.bin")
            try await folder.write([4], to: "models/acme/demo/new.txt")
            #expect(try await filesRead(folder) == (2, 300_001))

            try await FileSystem.shared.removeItem(at: folder.location("models/acme/demo/small.txt"))
            #expect(try await filesRead(folder) == (0, 0))
        }
    }

    @Test func `reads again what the threshold puts elsewhere`() async throws {
        try await RepositoryFolder.with(Self.files) { folder async throws in
            #expect(try await filesRead(folder) == (4, 500_003))
            #expect(try await filesRead(folder, threshold: 250_000) == (1, 200_000))
            #expect(try await filesRead(folder, threshold: 0) == (3, 200_003))
        }
    }

    @Test func `reads again what the stores lost`() async throws {
        try await RepositoryFolder.with(Self.files) { folder in
            #expect(try await filesRead(folder) == (4, 500_003))
            try await FileSystem.shared.removeItem(at: FilePath("\(folder.path)/data/shards"))
            #expect(try await filesRead(folder) == (2, 500_000))
        }
    }

    @Test(arguments: ["", "{", "[]", #"{"version":1}"#])
    func `a catalogue that cannot be read costs time only`(text: String) async throws {
        try await RepositoryFolder.with(Self.files) { folder in
            #expect(try await filesRead(folder) == (4, 500_003))
            try await FileSystem.shared.withFileHandle(
                forWritingAt: FilePath("\(folder.path)/data/catalog.json"),
                options: .newFile(replaceExisting: true)
            ) { file in
                _ = try await file.write(contentsOf: ByteBuffer(string: text), toAbsoluteOffset: 0)
            }
            #expect(try await filesRead(folder) == (4, 500_003))
            #expect(try await filesRead(folder) == (0, 0))
        }
    }

    @Test func `there has to be a folder`() async throws {
        try await RepositoryFolder.with(["x": []]) { folder in
            let path = "\(folder.path)/nothing"
            await #expect(throws: OriginError.noFolder(path: path)) {
                _ = try await Origin(
                    OriginConfiguration(folder: path, dataFolder: "\(folder.path)/data"),
                    logger: OriginFixture.logger
                )
            }
        }
    }
}
