import ArgumentParser
import NIOCore
import XetCore

/// The command `xet hash`.
struct HashCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hash",
        abstract: "Print the XET hash of files: a line 'hash  path' each, as sha256sum does."
    )

    @Argument(help: "The files.")
    var files: [String]

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

    private static func line(for path: String, _ hasher: inout LocalFileHasher) async throws -> OrderedLines.Line {
        do {
            return .result("\(try await hasher.hash(path))  \(path)")
        } catch let failure as ReadableFile.Failure {
            return .failure("\(path): \(failure)")
        } catch FileHashError.truncated {
            return .failure("\(path): the file became shorter while it was read")
        }
    }
}
