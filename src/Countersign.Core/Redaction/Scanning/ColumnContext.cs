using System.Text;

namespace Countersign.Core.Redaction.Scanning;

/// <summary>What the name of a column says about its values.</summary>
internal sealed class ColumnContext
{
    // Before the context without a name, whose making reads it.
    private static readonly string[] Harmless =
        ["page", "next", "continuation", "cursor", "progress", "count", "limit", "type", "usage", "expires", "name"];

    public static readonly ColumnContext Unnamed = new("", ColumnType.Text, RedactionMode.Columns);

    private readonly bool[] _topics = new bool[Lexicon.Topics];

    public ColumnContext(string name, ColumnType type, RedactionMode mode)
    {
        Type = type;
        Needed = (mode, type) switch
        {
            (RedactionMode.Text, ColumnType.Text) => Certainty.Likely,
            (RedactionMode.Text, _) or (_, ColumnType.Text) => Certainty.Certain,
            // A number of a column is never more than an identifier until its name says so.
            _ => Certainty.Certain + 1,
        };
        foreach (var part in Parts(name))
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            _topics[(int)Lexicon.Of(bytes, 0, bytes.Length)] = true;
        }

        var isKey = Speaks(Topic.Key) && Speaks(Topic.Qualifier);
        var isHarmless = Harmless.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));
        IsSecret = Speaks(Topic.Password) || ((Speaks(Topic.Secret) || isKey) && !isHarmless);    }

    public ColumnType Type { get; }

    /// <summary>How much a value's form has to say where the name does not.</summary>
    public Certainty Needed { get; }

    /// <summary>Whether the name says that digits without groups are an identifier of something else.</summary>
    public bool IsIdentifier => Speaks(Topic.Identifier);

    /// <summary>Whether the name calls its value a secret, and not the place of a reader in a list.</summary>
    public bool IsSecret { get; }

    public bool Speaks(Topic topic) => _topics[(int)topic];

    /// <summary>The words of <c>customer_phone</c> and <c>customerPhone</c>, and the name as a whole.</summary>
    private static IEnumerable<string> Parts(string name)
    {
        var words = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            var isHump = i > 0 && char.IsAsciiLetterUpper(name[i]) && char.IsAsciiLetterLower(name[i - 1]);
            words.Append(isHump ? " " : "").Append(char.IsAsciiLetterOrDigit(name[i]) ? name[i] : ' ');
        }

        string[] parts = words.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return [.. parts, string.Concat(parts), .. parts.Zip(parts.Skip(1), string.Concat)];
    }
}
