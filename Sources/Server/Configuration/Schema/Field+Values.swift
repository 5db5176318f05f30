import OstiaryCore
import Yams

typealias Destination<Root, Value> = WritableKeyPath<Root, Value> & Sendable

extension Field {
    /// A key with one value.
    static func value<Value: Sendable>(
        _ destination: any Destination<Root, Value>,
        _ about: About,
        _ form: Form<Value>
    ) -> Field {
        Field(
            about: about,
            read: { node, _, reading, root in
                guard let (written, place) = reading.scalar(node, noun: form.noun) else { return }
                if let value = reading.parse(written, as: form, at: place) { root[keyPath: destination] = value }
            },
            override: { reading, root in
                guard let (text, place) = reading.given(about) else { return }
                reading.note(place)
                if let value = reading.parse(Written(text), as: form, at: place) { root[keyPath: destination] = value }
            },
            show: { form.show($0[keyPath: destination]) },
            content: { _ in .value(noun: form.noun, schema: form.schema) },
            settings: { [Configuration.Setting(path: $1, text: form.show($0[keyPath: destination]))] }
        )
    }

    /// A key with a list of values; in the environment they are divided by commas.
    static func list<Value: Sendable & Hashable>(
        _ destination: any Destination<Root, [Value]>,
        _ about: About,
        of form: Form<Value>,
        most: Int
    ) -> Field {
        Field(
            about: about,
            read: { node, _, reading, root in
                guard let nodes = reading.sequence(node, most: most, noun: "a list of values, each \(form.noun)") else {
                    return
                }
                var values: [Value] = []
                for (index, node) in nodes.enumerated() {
                    reading.within("[\(index)]") { reading in
                        guard let (written, place) = reading.scalar(node, noun: form.noun) else { return }
                        guard let value = reading.parse(written, as: form, at: place) else { return }
                        if values.contains(value) {
                            reading.fault(place, "\(reading.subject(at: place)) is in the list already")
                        } else {
                            values.append(value)
                        }
                    }
                }
                root[keyPath: destination] = values
            },
            override: { reading, root in
                guard let (text, place) = reading.given(about) else { return }
                reading.note(place)
                var values: [Value] = []
                for item in text.split(separator: ",", omittingEmptySubsequences: false) {
                    let item = item.trimmed
                    guard !item.isEmpty else {
                        reading.fault(place, "\(reading.subject(at: place)) has an empty item", hint: "remove a comma")
                        return
                    }
                    guard let value = reading.parse(Written(String(item)), as: form, at: place) else { return }
                    if !values.contains(value) { values.append(value) }
                }
                root[keyPath: destination] = values
            },
            show: { root in
                let values = root[keyPath: destination].compactMap(form.show)
                return values.isEmpty ? nil : "[" + values.joined(separator: ", ") + "]"
            },
            content: { _ in .list(noun: form.noun, schema: form.schema, most: most) },
            settings: { root, path in
                let values = root[keyPath: destination].map { form.show($0) ?? "" }
                return [Configuration.Setting(path: path, text: values.joined(separator: ", "))]
            }
        )
    }
}

extension Reading {
    /// The node as one written value at its place; faults for anything else.
    mutating func scalar(_ node: Node, noun: String) -> (Written, Configuration.Place)? {
        let place = place(node)
        note(place)
        guard visit() else { return nil }
        guard accepts(node), let scalar = node.scalar else {
            if node.scalar == nil { fault(place, "\(subject(at: place)) must be \(noun)") }
            return nil
        }
        let isPlain = scalar.style == .plain || scalar.style == .any
        if isPlain, scalar.string.isEmpty || scalar.string == "~" || scalar.string == "null" {
            fault(place, "\(subject(at: place)) has no value", hint: "write one or remove the key")
            return nil
        }
        return (Written(scalar.string, isQuoted: !isPlain), place)
    }

    /// The items of a list of at most `most`.
    mutating func sequence(_ node: Node, most: Int, noun: String) -> [Node]? {
        let place = place(node)
        note(place)
        guard visit(), accepts(node) else { return nil }
        guard let sequence = node.sequence else {
            fault(place, "\(subject(at: place)) must be \(noun)", hint: "write [ ] around it, or - before each")
            return nil
        }
        guard sequence.count <= most else {
            fault(place, "\(subject(at: place)) may have at most \(most) entries")
            return nil
        }
        return Array(sequence)
    }

    mutating func parse<Value>(_ written: Written, as form: Form<Value>, at place: Configuration.Place) -> Value? {
        do throws(Complaint) {
            return try form.parse(written)
        } catch {
            fault(place, "\(subject(at: place)) \(error.message ?? "must be \(form.noun)")", hint: error.hint)
            return nil
        }
    }

    /// What a flag, or else the environment, says about a key. An empty value counts as unset.
    func given(_ about: About) -> (String, Configuration.Place)? {
        if let flag = about.flag, let text = flags[flag], !text.isEmpty { return (text, .flag("--\(flag)")) }
        if let name = about.environment, let text = variables[name], !text.isEmpty { return (text, .variable(name)) }
        return nil
    }

    func place(_ node: Node) -> Configuration.Place {
        .file(file ?? "-", line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    }

    /// Refuses tags, which would otherwise be dropped without a word.
    private mutating func accepts(_ node: Node) -> Bool {
        let tag: String
        switch node {
        case .scalar(let scalar): tag = scalar.tag.description
        case .sequence(let sequence): tag = sequence.tag.description
        case .mapping(let mapping): tag = mapping.tag.description
        case .alias: return false
        }
        if tag.isEmpty || tag.utf8.elementsEqual("!".utf8) || tag.utf8.starts(with: "tag:yaml.org,2002:".utf8) {
            return true
        }
        fault(place(node), "\(subject(at: place(node))) has a tag, which means nothing here", hint: "remove the tag")
        return false
    }
}
