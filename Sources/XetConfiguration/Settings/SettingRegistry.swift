/// All settings of a program.
public struct SettingRegistry: Sendable {
    /// The settings, in the order in which they are shown.
    public let declarations: [SettingDeclaration]

    /// Precondition: each name is there once.
    public init(_ declarations: [SettingDeclaration]) {
        precondition(Set(declarations.map(\.name)).count == declarations.count, "two settings have one name")
        self.declarations = declarations
    }

    /// What each setting is, or everything that is wrong with the sources.
    public func resolve(_ sources: SettingSources) throws(SettingProblems) -> ResolvedSettings {
        var problems = unknownNames(in: sources.file)
        var entries: [String: ResolvedSettings.Entry] = [:]
        for declaration in declarations {
            switch resolve(declaration, sources) {
            case .success(let entry): entries[declaration.name] = entry
            case .failure(let problem): problems.append(problem)
            }
        }
        guard problems.isEmpty else { throw SettingProblems(problems.sorted { Self.place($0) < Self.place($1) }) }
        return ResolvedSettings(registry: self, entries: entries)
    }

    /// Variables that look like settings of this program but are none, each with the name that may have been meant.
    public func misspelt(in environment: [String: String]) -> [(variable: String, suggestion: String)] {
        let known = declarations.flatMap(\.variables)
        return environment.keys.filter { $0.hasPrefix("XET_") && !known.contains($0) }.sorted().compactMap { name in
            NearestName.find(String(name.dropFirst(4)), among: declarations.map(\.name))
                .map { (name, SettingDeclaration.variable(for: $0)) }
        }
    }

    private func unknownNames(in file: ConfigurationFile?) -> [SettingProblem] {
        guard let file else { return [] }
        let names = declarations.map(\.name)
        return file.entries.filter { !names.contains($0.name) }.map { entry in
            let suggestion = NearestName.find(entry.name, among: names).map { "; did you mean '\($0)'?" } ?? ""
            return SettingProblem(
                .file(path: file.path, line: entry.line),
                "no option is called '\(Shown.text(entry.name))'\(suggestion)"
            )
        }
    }

    /// Problems of the file by line, then all others as they came.
    private static func place(_ problem: SettingProblem) -> Int {
        if case .file(_, let line) = problem.origin { line } else { .max }
    }

    private func resolve(
        _ declaration: SettingDeclaration,
        _ sources: SettingSources
    ) -> Result<ResolvedSettings.Entry, SettingProblem> {
        if let texts = sources.flags[declaration.name] {
            return Self.check(Self.items(texts, declaration), .flag(declaration.name), declaration)
        }
        for name in declaration.variables {
            if let text = sources.environment[name], !text.isEmpty {
                return Self.check(Self.items([text], declaration), .variable(name), declaration)
            }
        }
        guard let file = sources.file, let entry = file.entries.first(where: { $0.name == declaration.name }) else {
            return .success(ResolvedSettings.Entry(texts: declaration.preset, origin: .preset))
        }
        let origin = SettingOrigin.file(path: file.path, line: entry.line)
        guard let items = declaration.shape.texts(of: entry.value, line: entry.line) else {
            return .failure(SettingProblem(origin, "'\(declaration.name)' is to be \(declaration.shape.name)"))
        }
        let texts = items.map(\.text)
        // The line of the item says more than the one where the list begins.
        let line = declaration.firstUnusable(texts).flatMap { items.indices.contains($0) ? items[$0].line : nil }
        return Self.check(texts, line.map { .file(path: file.path, line: $0) } ?? origin, declaration)
    }

    private static func check(
        _ texts: [String],
        _ origin: SettingOrigin,
        _ declaration: SettingDeclaration
    ) -> Result<ResolvedSettings.Entry, SettingProblem> {
        guard let index = declaration.firstUnusable(texts) else {
            return .success(ResolvedSettings.Entry(texts: texts, origin: origin))
        }
        let found = declaration.isSecret || !texts.indices.contains(index) ? "" : ", not '\(Shown.text(texts[index]))'"
        let suggestion =
            declaration.isSecret || !texts.indices.contains(index)
            ? nil : NearestName.find(texts[index], among: declaration.choices)
        return .failure(
            SettingProblem(
                origin,
                "'\(declaration.name)' is to be \(declaration.expectation)\(found)"
                    + (suggestion.map { "; did you mean '\($0)'?" } ?? "")
            )
        )
    }

    /// What stands between the commas of a list, without the blanks around it.
    private static func items(_ texts: [String], _ declaration: SettingDeclaration) -> [String] {
        guard declaration.shape == .list else { return texts }
        return texts.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }.map { item in
            String(item.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        }
    }
}
