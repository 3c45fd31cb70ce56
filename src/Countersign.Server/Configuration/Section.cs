using System.Collections.Immutable;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;

namespace Countersign.Server.Configuration;

/// <summary>What every section reader needs: where paths start, where secrets come from, where errors go.</summary>
internal sealed record Section(string Folder, SecretText Secrets, PolicyErrors Errors)
{
    public string? Text(Fields fields, string key) =>
        fields.Find(key) is { } node ? Values.Text(node, key, Errors)?.Text : null;

    public string? RequiredText(Fields fields, string key, string what)
    {
        if (fields.Find(key) is { } node)
        {
            return Values.Text(node, key, Errors)?.Text;
        }

        ComplainIfLacking(fields, key, $"{what} needs '{key}'");
        return null;
    }

    public bool Flag(Fields fields, string key) => fields.Find(key) switch
    {
        null => false,
        YamlNode.Scalar { Text: "true" } => true,
        YamlNode.Scalar { Text: "false" } => false,
        { } other => Complain(other, $"{key} is true or false, not {Values.Shown(other)}"),
    };

    public ImmutableArray<string> Texts(Fields fields, string key) => fields.Find(key) is { } node
        ? [.. Values.ItemsOf(node).Select(item => Values.Text(item, key, Errors)?.Text).OfType<string>()]
        : [];

    public ImmutableArray<YamlNode> Items(Fields fields, string key)
    {
        switch (fields.Find(key))
        {
            case null:
                return [];
            case YamlNode.List list:
                return list.Items;
            case var other:
                Complain(other, $"{key} is a list, not {other.Kind}");
                return [];
        }
    }

    public string FilePath(string path) => Path.GetFullPath(path, Folder);

    /// <summary>Builds a self-checking value; what it refuses becomes an error at its place.</summary>
    public T? Checked<T>(YamlNode node, string what, Func<string, T> build)
        where T : class
    {
        if (Values.Text(node, what, Errors) is not { } text)
        {
            return null;
        }

        try
        {
            return build(text.Text);
        }
        catch (Exception invalid) when (invalid is ArgumentException or FormatException)
        {
            Errors.Add(text.At, invalid.Message);
            return null;
        }
    }

    /// <summary>Says what is missing; what was only misspelled has its error already.</summary>
    public void ComplainIfLacking(Fields fields, string key, string message)
    {
        if (fields.Lacks(key))
        {
            Errors.Add(fields.At, message);
        }
    }

    public bool Complain(YamlNode node, string message)
    {
        Errors.Add(node.At, message);
        return false;
    }
}
