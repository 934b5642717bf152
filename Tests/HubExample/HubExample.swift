import Xet

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

// The code of the articles in Xet.docc, so that it compiles, and a program around it: the tests that run it against the official
// client's own server are those of Tests/Interop/test_library.py.

func downloadWeights(_ hub: Hub, to folder: URL) async throws {
    try await hub.download("openai-community/gpt2", "model.safetensors", to: folder)
}

func downloadConfiguration(_ hub: Hub, to folder: URL) async throws {
    let snapshot = try await hub.snapshot(
        "openai-community/gpt2",
        matching: ["*.json", "*.txt"],
        to: folder,
        progress: {
            print("\($0.doneFileCount) of \($0.fileCount) files, \($0.byteCount) of \($0.totalByteCount) bytes")
        }
    )
    print("\(snapshot.downloadedFileCount) files were new")
}

func readHeader(_ hub: Hub) async throws -> [UInt8] {
    var header: [UInt8] = []
    for try await piece in try await hub.bytes("openai-community/gpt2", "model.safetensors", range: 0..<8) {
        header += piece
    }
    return header
}

func uploadFolder(_ hub: Hub, _ folder: URL) async throws {
    var options = Hub.UploadOptions()
    options.message = "New weights"
    options.createsRepository = true
    options.excluding = ["*.tmp"]
    let upload = try await hub.upload(folder, to: "owner/name", options: options)
    print("\(upload.newByteCount) bytes were new; \(upload.commitURL ?? "nothing to commit")")
}

@main
struct HubExample {
    static func main() async {
        do {
            try await run(Array(CommandLine.arguments.dropFirst()))
        } catch {
            print("failed: \(error)")
        }
    }

    private static func run(_ arguments: [String]) async throws {
        let environment = ProcessInfo.processInfo.environment
        let hub = Hub(token: environment["HF_TOKEN"], endpoint: environment["HF_ENDPOINT"] ?? Hub.usualEndpoint)
        switch (arguments[0], arguments.dropFirst().map { $0 }) {
        case ("download", let rest):
            print(try await hub.download(rest[0], rest[1], to: URL(filePath: rest[2])))
        case ("snapshot", let rest):
            let snapshot = try await hub.snapshot(
                rest[0],
                excluding: Array(rest.dropFirst(2)),
                to: URL(filePath: rest[1])
            )
            print("\(snapshot.fileCount) \(snapshot.downloadedFileCount) \(snapshot.byteCount)")
        case ("files", let rest):
            for file in try await hub.files(rest[0]) {
                print("\(file.byteCount) \(file.xetHash ?? "-") \(file.sha256 ?? "-") \(file.path)")
            }
        case ("bytes", let rest):
            let range = rest.count > 3 ? (UInt64(rest[3]) ?? 0)..<(UInt64(rest[4]) ?? 0) : nil
            var all: [UInt8] = []
            for try await piece in try await hub.bytes(rest[0], rest[1], range: range) { all += piece }
            try Data(all).write(to: URL(filePath: rest[2]))
        case ("first", let rest):
            // Who has enough leaves; what fetches must end then.
            for try await piece in try await hub.bytes(rest[0], rest[1]) {
                print(piece.count > 0)
                fflush(nil)
                break
            }
            try await Task.sleep(for: .seconds(60))
        case ("cancel", let rest):
            let task = Task { try await hub.download(rest[0], rest[1], to: URL(filePath: rest[2])) }
            try await Task.sleep(for: .milliseconds(300))
            task.cancel()
            print(await task.result)
        case ("upload", let rest):
            var options = Hub.UploadOptions()
            options.createsRepository = true
            let upload = try await hub.upload(
                URL(filePath: rest[1]),
                to: rest[0],
                at: rest.count > 2 ? rest[2] : "",
                options: options
            )
            print("\(upload.uploadedFileCount) \(upload.newByteCount) \(upload.commit ?? "-")")
        default:
            print("unknown")
        }
    }
}
