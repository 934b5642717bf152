import Testing
import _NIOFileSystem

@testable import XetStore

@Suite struct FolderLockTests {
    @Test func `a folder is had by one at a time`() async throws {
        try await StoreContents.withFolder { folder in
            for _ in 0..<3 {
                let lock = try await FolderLock.take(folder)
                await #expect(throws: FolderLockError.isHeld(folder: folder)) {
                    _ = try await FolderLock.take(folder)
                }
                _ = consume lock
            }
            #expect(try await FileSystem.shared.info(forFileAt: folder.appending("lock")) != nil)
        }
    }
}
