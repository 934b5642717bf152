/// Replaces addresses among the strings of a JSON object; the rest stays byte for byte.
package enum AddressRewriting {
    /// The JSON with those strings of the outermost object replaced for which `replacement` gives another; text that is
    /// no object stays as it is.
    ///
    /// Throws ``JSONReader/Failure`` if it is no JSON.
    package static func rewrite(_ json: [UInt8], replacement: (String) -> String?) throws -> [UInt8] {
        var edits = JSONEdits()
        var reader = JSONReader(json)
        guard reader.isAtObject() else { return json }
        try reader.members { _, reader in
            guard let text = try reader.stringIfPresent(), let value = replacement(text.value) else { return }
            edits.replace(text, with: value)
        }
        try reader.end()
        return edits.applied(to: json)
    }
}
