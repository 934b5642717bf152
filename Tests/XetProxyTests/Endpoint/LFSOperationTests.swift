import Testing

@testable import XetProxy

@Suite struct LFSOperationTests {
    @Test(arguments: [
        (#"{"operation": "download", "objects": []}"#, LFSOperation.download), (#"{"operation":"upload"}"#, .upload),
        (#"{"objects": [{"operation": "upload"}], "\u006fperation": "download"}"#, .download),
    ])
    func `what a batch asks for`(json: String, operation: LFSOperation) {
        #expect(LFSOperation(Array(json.utf8)) == operation)
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"operation": "delete"}"#, #"{"operation": null}"#, #"{"operation": "download"} x"#,
        #"{"operation": "download", "operation": "download"}"#, #"{"objects": [{"operation": "download"}]}"#,
    ])
    func `what does not say`(json: String) {
        #expect(LFSOperation(Array(json.utf8)) == nil)
    }
}
