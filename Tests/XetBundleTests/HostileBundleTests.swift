import BLAKE3
import Testing
import XetAccess
import XetBundleTestSupport
import XetCore
import XetTestSupport

@testable import XetBundle

/// Frames that say anything, under hashes that are right: whoever makes a bundle makes those too.
@Suite struct HostileBundleTests {
    private struct Frame {
        let kind: UInt8
        var payload: [UInt8]
    }

    private static func frames(of bytes: [UInt8]) -> [Frame] {
        var frames: [Frame] = []
        var offset = BundleFormat.mark.count
        while offset + 5 <= bytes.count {
            let count = bytes[(offset + 1)..<(offset + 5)].reversed().reduce(0) { $0 << 8 | Int($1) }
            frames.append(Frame(kind: bytes[offset], payload: Array(bytes[(offset + 5)..<(offset + 5 + count)])))
            offset += 5 + count + 32
        }
        return frames
    }

    private static func sealed(_ frames: [Frame]) -> [UInt8] {
        var hasher = BLAKE3Hasher()
        var bytes = BundleFormat.mark
        hasher.update(bytes.rawSpan)
        for frame in frames {
            var head = [frame.kind]
            for shift in stride(from: 0, to: 32, by: 8) {
                head.append(UInt8(truncatingIfNeeded: frame.payload.count >> shift))
            }
            let whole = head + frame.payload
            hasher.update(whole.rawSpan)
            bytes += whole + FrameHash.bytes(hasher.finalize())
        }
        return bytes
    }

    @Test func `frames are sealed as they are written`() throws {
        let bytes = try SampleBundle().bytes(signedBy: SigningKey())
        #expect(Self.sealed(Self.frames(of: bytes)) == bytes)
    }

    @Test(arguments: 0..<8) func `whatever frames say, nothing breaks`(seed: UInt64) async throws {
        let frames = Self.frames(of: try SampleBundle().bytes(signedBy: SigningKey()))
        var mutator = Mutator(seed: seed)
        var random = SplitMix64(seed: seed)
        for _ in 0..<250 {
            var changed = frames
            let index = Int.random(in: frames.indices, using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0: changed.remove(at: index)
            case 1: changed.insert(frames[index], at: Int.random(in: frames.indices, using: &random))
            default: changed[index].payload = mutator.mutated(changed[index].payload)
            }
            let bytes = Self.sealed(changed)
            do {
                let found = try await SampleBundle.inspect(bytes)
                // Whatever was taken can be written again.
                #expect(found.outcome?.byteCount == UInt64(bytes.count))
            } catch is BundleError {
                continue
            }
        }
    }
}
