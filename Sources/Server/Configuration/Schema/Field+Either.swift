import OstiaryCore
import Yams

extension Field {
    /// A key with one value, or with a section where there is more to say.
    static func either<Child: Sendable>(
        _ destination: any Destination<Root, Child?>,
        _ about: About,
        _ form: Form<Child>,
        each new: Child,
        _ fields: [Field<Child>]
    ) -> Field {
        Field(
            about: about,
            read: { node, twins, reading, root in
                if let child = reading.either(node, twins, form, each: new, fields) {
                    root[keyPath: destination] = child
                }
            },
            override: { _, _ in },
            show: { $0[keyPath: destination].flatMap(form.show) },
            content: { _ in .either(noun: form.noun, schema: form.schema, fields.described(new), most: nil) },
            settings: { root, path in
                guard let child = root[keyPath: destination] else { return [] }
                return fields.settings(child, form, at: path)
            }
        )
    }

    /// A key with a list of those.
    static func eithers<Child: Sendable>(
        _ destination: any Destination<Root, [Child]>,
        _ about: About,
        _ form: Form<Child>,
        each new: Child,
        _ fields: [Field<Child>],
        most: Int
    ) -> Field {
        Field(
            about: about,
            read: { node, twins, reading, root in
                guard let nodes = reading.sequence(node, most: most, noun: "a list of keys' places") else { return }
                for (index, node) in nodes.enumerated() {
                    let child = reading.within("[\(index)]") { $0.either(node, twins, form, each: new, fields) }
                    if let child { root[keyPath: destination].append(child) }
                }
            },
            override: { _, _ in },
            show: { _ in nil },
            content: { _ in .either(noun: form.noun, schema: form.schema, fields.described(new), most: most) },
            settings: { root, path in
                root[keyPath: destination].enumerated().flatMap { index, child in
                    fields.settings(child, form, at: path.entry("[\(index)]"))
                }
            }
        )
    }

    /// A key with a list of words in their order, some of them perhaps twice.
    static func words(_ destination: any Destination<Root, [String]>, _ about: About, most: Int) -> Field {
        let form = Form<String>.text("text of 1 to 4096 bytes", most: 4096)
        return Field(
            about: about,
            read: { node, _, reading, root in
                guard let nodes = reading.sequence(node, most: most, noun: "a list of words") else { return }
                var words: [String] = []
                for (index, node) in nodes.enumerated() {
                    reading.within("[\(index)]") { reading in
                        guard let (written, place) = reading.scalar(node, noun: form.noun) else { return }
                        if let word = reading.parse(written, as: form, at: place) { words.append(word) }
                    }
                }
                root[keyPath: destination] = words
            },
            override: { _, _ in },
            show: { _ in nil },
            content: { _ in .list(noun: form.noun, schema: form.schema, most: most, isUnique: false) },
            settings: { root, path in
                [Configuration.Setting(path: path, text: root[keyPath: destination].joined(separator: " "))]
            }
        )
    }
}

extension Reading {
    fileprivate mutating func either<Child: Sendable>(
        _ node: Node,
        _ twins: Twins,
        _ form: Form<Child>,
        each new: Child,
        _ fields: [Field<Child>]
    ) -> Child? {
        guard node.mapping != nil else {
            guard let (written, place) = scalar(node, noun: "\(form.noun), or a section") else { return nil }
            return parse(written, as: form, at: place)
        }
        var child = new
        section(node, twins, fields, later: [], into: &child)
        return child
    }
}

extension Array {
    fileprivate func settings<Root>(
        _ root: Root,
        _ form: Form<Root>,
        at path: Configuration.Setting.Path
    ) -> [Configuration.Setting] where Element == Field<Root> {
        if let text = form.show(root) { return [Configuration.Setting(path: path, text: text)] }
        return settings(root, at: path)
    }
}
