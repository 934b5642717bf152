import ArgumentParser
import NIOCore
import XetCore
import XetLocal

/// The command `xet hash`.
struct HashCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hash",
        abstract: "Print the XET hash of files: a line 'hash  path' each, as sha256sum does."
    )

    @Argument(help: "The files; - is standard input.", completion: .file())
    var files: [LocalPath]

    func run() async throws {
        let files = files
        let coreCount = System.coreCount
        let workerCount = min(files.count, coreCount)
        let queue = WorkQueue(limit: files.count)
        let lines = OrderedLines()
        try await CommandFailure.reporting {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<workerCount {
                    group.addTask {
                        var hasher = LocalFileHasher(workerCount: workerCount, coreCount: coreCount)
                        while let number = queue.claim() {
                            try lines.put(await Self.line(for: files[number], &hasher), number: number)
                        }
                    }
                }
                // The first failure, to write a line, cancels the others.
                for try await _ in group {}
            }
        }
        if lines.hasFailed { throw ExitCode.failure }
    }

    private static func line(for path: LocalPath, _ hasher: inout LocalFileHasher) async throws -> OrderedLines.Line {
        do {
            return .result(HashLine(hash: try await hasher.hash(ReadableFile(argument: path)), path: path))
        } catch let error as LocalFileError {
            return .failure("\(error)")
        } catch FileHashError.truncated {
            return .failure("\(path) became shorter while it was read")
        }
    }
}
