/// A command for a shell that the page offers.
struct PageCommand: Sendable {
    let title: String
    let text: String

    /// The commands for the proxy at `base`, an address without a last slash.
    ///
    /// The names in them are those of a file that the public Hub has, or for another Hub words to replace.
    static func all(base: String, hub: String, allowAnonymous: Bool) -> [PageCommand] {
        let isPublic = hub == "https://huggingface.co"
        let repository = isPublic ? "openai-community/gpt2" : "OWNER/REPO"
        let file = "\(base)/download/\(repository)/\(isPublic ? "model.safetensors" : "PATH")"
        let token = allowAnonymous ? "" : #"-H "Authorization: Bearer $HF_TOKEN" "#
        let aria2Token = allowAnonymous ? "" : #"--header="Authorization: Bearer $HF_TOKEN" "#
        return [
            PageCommand(title: "Download a file", text: "curl -fL \(token)-O \\\n  \(file)"),
            PageCommand(title: "Go on with a partial one", text: "curl -fL -C - \(token)-O \\\n  \(file)"),
            PageCommand(title: "Over eight connections", text: "aria2c -x8 -s8 \(aria2Token)\\\n  \(file)"),
            PageCommand(
                title: "Have Python and hf use this proxy",
                text: "export HF_ENDPOINT=\(base)\nhf download \(repository)"
            ),
        ]
    }
}
