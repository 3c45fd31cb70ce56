using System.Diagnostics;

namespace Countersign.Core.Identity;

/// <summary>
/// Who is meant by <c>alice</c>, <c>person:alice</c> or <c>group:dba</c> in the configuration and in policies.
/// </summary>
public abstract record Party
{
    private const string GroupPrefix = "group:";
    private const string PersonPrefix = "person:";

    private Party()
    {
    }

    /// <summary>Reads the text form; a bare name is a person.</summary>
    /// <exception cref="ArgumentException">The text names neither a group nor a person.</exception>
    public static Party Parse(string text)
    {
        if (text.StartsWith(GroupPrefix, StringComparison.Ordinal))
        {
            return new OfGroup(new GroupName(text[GroupPrefix.Length..]));
        }

        var name = text.StartsWith(PersonPrefix, StringComparison.Ordinal) ? text[PersonPrefix.Length..] : text;
        return new OfPerson(new PersonId(name));
    }

    /// <summary>The text form that <see cref="Parse"/> reads; a person is the bare name.</summary>
    public sealed override string ToString() => this switch
    {
        OfGroup group => GroupPrefix + group.Name,
        OfPerson person => person.Id.Value,
        _ => throw new UnreachableException(),
    };

    public sealed record OfGroup(GroupName Name) : Party;

    public sealed record OfPerson(PersonId Id) : Party;
}
