using System.Text;
using System.Text.Json;
using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Structured;

/// <summary>
/// What is known of the names of members: the objects of a list have the same few, and each is looked at once.
/// </summary>
internal sealed class MemberNames(Redactor redactor, FieldRules rules)
{
    /// <summary>Names come from whoever wrote the document, so their number is bounded.</summary>
    private const int Most = 256;

    /// <summary>Names that are tried before a text is made of one.</summary>
    private const int MostLatest = 8;

    private readonly Dictionary<string, MemberName> _known = new(StringComparer.Ordinal);
    private readonly List<MemberName> _latest = [];
    private int _last;

    /// <summary>What has no name: a document that is no object, and what it lists.</summary>
    public MemberName None { get; } = new("", redactor, rules);

    /// <summary>The name that a reader has come to.</summary>
    public MemberName Of(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
        {
            for (var i = 1; i <= _latest.Count; i++)
            {
                // The one behind the last is the most likely.
                var at = _last + i < _latest.Count ? _last + i : _last + i - _latest.Count;
                if (reader.ValueSpan.SequenceEqual(_latest[at].Utf8))
                {
                    _last = at;
                    return _latest[at];
                }
            }
        }

        return Keep(reader.GetString()!);
    }

    private MemberName Keep(string text)
    {
        if (!_known.TryGetValue(text, out var name))
        {
            if (_known.Count == Most)
            {
                _known.Clear();
            }

            _known.Add(text, name = new MemberName(text, redactor, rules));
        }

        if (_latest.Count < MostLatest)
        {
            _last = _latest.Count;
            _latest.Add(name);
        }
        else
        {
            _last = (_last + 1) % MostLatest;
            _latest[_last] = name;
        }

        return name;
    }
}

/// <summary>The name of a member, and what it says about its value.</summary>
internal sealed class MemberName(string text, Redactor redactor, FieldRules rules)
{
    /// <summary>Longer values seldom come twice in a row.</summary>
    private const int LongestRemembered = 256;

    private byte[] _harmless = [];
    private int _harmlessLength;

    public string Text { get; } = text;

    /// <summary>The name as it stands in a document that escapes nothing of it.</summary>
    public byte[] Utf8 { get; } = Encoding.UTF8.GetBytes(text);

    /// <summary>What a rule says about every member of this name.</summary>
    public Treatment? Rule { get; } = rules.OfMember(text);

    // When they are asked for: a document may have names without number, and most have values of one type.
    public ColumnContext OfText => field ??= new ColumnContext(Text, ColumnType.Text, redactor.Plan.Mode);

    public ColumnContext OfNumber => field ??= new ColumnContext(Text, ColumnType.Number, redactor.Plan.Mode);

    /// <summary>Whether nothing is to be masked in the name itself, once it was searched.</summary>
    public bool IsHarmless { get; set; }

    /// <summary>
    /// Whether this is the latest text of this name in which nothing was found: in a list, many repeat the one before.
    /// </summary>
    public bool HadHarmless(ReadOnlySpan<byte> value) => value.SequenceEqual(_harmless.AsSpan(0, _harmlessLength));

    /// <summary>
    /// Nothing was found in a text of this name, and it is no document, which is masked by its own names.
    /// </summary>
    public void RememberHarmless(ReadOnlySpan<byte> value)
    {
        if (value.Length > LongestRemembered)
        {
            return;
        }

        if (_harmless.Length < value.Length)
        {
            _harmless = new byte[LongestRemembered];
        }

        value.CopyTo(_harmless);
        _harmlessLength = value.Length;
    }
}
