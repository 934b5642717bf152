import Testing

@testable import XetObjects

@Suite struct ProfileFileTests {
    @Test func `reads profiles of a credentials file`() {
        let text = """
            stray = 1
            # comment
            ; comment
            [default]
            aws_access_key_id = A
            AWS_SECRET_ACCESS_KEY=b#c=d; # a comment

            [ other ]\r
            aws_access_key_id=B ; a comment\r
            [profile x]
            aws_access_key_id = C
            [broken
            aws_access_key_id = D
            """
        let profiles = ProfileFile(Array(text.utf8), .credentials).profiles
        #expect(profiles["default"] == ["aws_access_key_id": "A", "aws_secret_access_key": "b#c=d;"])
        #expect(profiles["other"] == ["aws_access_key_id": "B"])
        #expect(Set(profiles.keys) == ["default", "other", "profile x"])
    }

    @Test func `reads profiles of a configuration`() {
        let text = """
            [default]
            region = eu-central-1
            s3 =
              addressing_style = path
            [profile x]
            region=eu-west-1
            [profile "y z"]
            region=eu-west-2
            [x]
            region=none
            [sso-session s]
            sso_region=none
            [profile]
            region=none
            [profilex]
            region=none
            """
        let profiles = ProfileFile(Array(text.utf8), .config).profiles
        #expect(profiles["default"] == ["region": "eu-central-1", "s3": ""])
        #expect(profiles["x"] == ["region": "eu-west-1"])
        #expect(profiles["y z"] == ["region": "eu-west-2"])
        #expect(Set(profiles.keys) == ["default", "x", "y z"])
    }

    @Test func `a section that comes twice is one`() {
        let profiles = ProfileFile(Array("[a]\nx=1\ny=1\n[b]\nx=2\n[a]\nx=3".utf8), .credentials).profiles
        #expect(profiles["a"] == ["x": "3", "y": "1"])
    }

    @Test(arguments: [[], [0xFF, 0xFE], Array("[]\n=\n[\n]\n==".utf8), [UInt8](repeating: 0x5B, count: 10_000)])
    func `takes any bytes`(bytes: [UInt8]) {
        _ = ProfileFile(bytes, .credentials)
        _ = ProfileFile(bytes, .config)
    }
}
