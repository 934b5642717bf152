import ArgumentParser
import NIOCore
import XetCore
import _NIOFileSystem

/// The command `xet hash`.
struct HashCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hash",
        abstract: "Print the XET hash of files: a line 'hash  path' each, as sha256sum does."
    )

    @Argument(help: "The files.")
    var files: [String]

    func run() async throws {
        var hasFailed = false
        for path in files {
            do {
                let hash = try await FileHash(ofFile: FilePath(path))
                try Descriptor.standardOutput.write(ByteBuffer(string: "\(hash)  \(path)\n"))
            } catch let error as FileSystemError {
                CommandFailure.print("\(path): \(CommandFailure.text(error))")
                hasFailed = true
            }
        }
        if hasFailed { throw ExitCode.failure }
    }
}
