namespace Countersign.Core.Actions.Json;

/// <summary>
/// Composes a canonical object from members given in any order. Two members with one name, or with names equal ignoring
/// case, are an <see cref="ArgumentException"/>: the reader would refuse the result.
/// </summary>
public sealed class CanonicalObject
{
    // RFC 8785 section 3.2.3 orders names by UTF-16 code units, which is what an ordinal comparison does.
    private readonly SortedDictionary<string, CanonicalJson> _members = new(StringComparer.Ordinal);
    private readonly HashSet<string> _namesIgnoringCase = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Adds a member and returns this object.</summary>
    public CanonicalObject Add(string name, CanonicalJson value)
    {
        if (!_namesIgnoringCase.Add(name))
        {
            throw new ArgumentException(
                $"The object already has a member '{name}' (ignoring case); give each member its own name.",
                nameof(name));
        }

        _members.Add(name, value);
        return this;
    }

    /// <summary>Adds a string member and returns this object.</summary>
    public CanonicalObject Add(string name, string value) => Add(name, CanonicalJson.Of(value));

    /// <summary>Adds an integer member and returns this object.</summary>
    public CanonicalObject Add(string name, long value) => Add(name, CanonicalJson.Of(value));

    /// <summary>Adds a member that is true or false and returns this object.</summary>
    public CanonicalObject Add(string name, bool value) => Add(name, CanonicalJson.Of(value));

    /// <summary>The object as it stands now; later additions do not change what was returned.</summary>
    public CanonicalJson ToCanonicalJson() => CanonicalJson.ObjectOf(_members);
}
