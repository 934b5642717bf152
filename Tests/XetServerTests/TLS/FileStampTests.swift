import Foundation
import Testing

@testable import XetServer

@Suite struct FileStampTests {
    @Test func `what becomes of a file shows`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "xet-stamp-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "file")
        let link = folder.appending(path: "link")
        var stamps = [FileStamp(file.path)]
        try Data("one".utf8).write(to: file)
        stamps.append(FileStamp(file.path))
        #expect(FileStamp(file.path) == stamps[1])
        try Data("longer".utf8).write(to: file)
        stamps.append(FileStamp(file.path))
        // Another file of the same size in its place.
        let other = folder.appending(path: "other")
        try Data("LONGER".utf8).write(to: other)
        try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "file")
        #expect(FileStamp(link.path) == stamps[2])
        try FileManager.default.removeItem(at: link)
        try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "other")
        stamps.append(FileStamp(link.path))
        #expect(Set(stamps).count == stamps.count)
    }
}
