/// The byte grouping, byte by byte.
enum PlainByteGrouping {
    static func group(_ bytes: [UInt8]) -> [UInt8] {
        var grouped: [UInt8] = []
        grouped.reserveCapacity(bytes.count)
        for group in 0..<4 {
            for position in stride(from: group, to: bytes.count, by: 4) {
                grouped.append(bytes[position])
            }
        }
        return grouped
    }

    static func ungroup(_ grouped: [UInt8]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: grouped.count)
        var index = 0
        for group in 0..<4 {
            for position in stride(from: group, to: bytes.count, by: 4) {
                bytes[position] = grouped[index]
                index += 1
            }
        }
        return bytes
    }
}
