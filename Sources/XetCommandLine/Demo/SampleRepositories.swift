import FoundationEssentials

/// Small repositories of every kind, made up.
enum SampleRepositories {
    /// The largest sample, which the demo downloads.
    static let model = "demo/weights"
    static let modelFile = "model.safetensors"

    /// Writes them below `folder`, unless they are there.
    static func write(to folder: URL) throws {
        try write(weights(byteCount: 24 << 20), to: folder, "models/\(model)/\(modelFile)")
        try write(Data("{\"architecture\": \"demo\"}\n".utf8), to: folder, "models/\(model)/config.json")
        try write(lines(count: 200_000), to: folder, "datasets/demo/lines/data/train set #1.csv")
        try write(Data("print('hello')\n".utf8), to: folder, "spaces/demo/app/app.py")
    }

    private static func write(_ data: @autoclosure () -> Data, to folder: URL, _ path: String) throws {
        let file = folder.appending(path: path)
        guard !FileManager.default.fileExists(atPath: file.path) else { return }
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data().write(to: file)
    }

    /// Floats between 0.5 and 1, which byte grouping compresses, and a repeated half, which is stored once.
    private static func weights(byteCount: Int) -> Data {
        var generator = SystemRandomNumberGenerator()
        var half = Data(capacity: byteCount)
        while half.count < byteCount / 2 {
            let bits = UInt32.random(in: 0...0x007F_FFFF, using: &generator) | 0x3F00_0000
            half.append(contentsOf: stride(from: 0, to: 32, by: 8).map { UInt8(truncatingIfNeeded: bits >> $0) })
        }
        return half + half
    }

    private static func lines(count: Int) -> Data {
        Data((0..<count).map { "\($0),\($0 &* 7919 % 1013),row\n" }.joined().utf8)
    }
}
