using System.Runtime.InteropServices;

namespace Countersign.Core.Actions.Json;

/// <summary>
/// The members of the objects now open, innermost last. When an object closes its members, already canonical in the
/// output, are put in the order of RFC 8785 section 3.2.3: names compared by UTF-16 code units.
/// </summary>
internal sealed class MemberOrder(bool namesMayDifferInCaseOnly)
{
    private readonly List<Member> _open = [];
    private readonly StringComparer _sameName =
        namesMayDifferInCaseOnly ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase;

    private readonly OutputBuffer _scratch = new(0);

    /// <summary>How many members are open; an object remembers it when it opens.</summary>
    public int Count => _open.Count;

    /// <summary>Adds a member whose name stands at <paramref name="offset"/> of the input.</summary>
    public void Add(string name, int offset, Range written) => _open.Add(new Member(name, offset, written));

    /// <summary>
    /// Finds two members since <paramref name="first"/> with one name, or with names equal ignoring case where that
    /// is refused.
    /// </summary>
    public bool TryFindClash(int first, out Member clash, out JsonFault fault)
    {
        Span<Member> members = CollectionsMarshal.AsSpan(_open)[first..];
        members.Sort(ByName);
        for (int index = 1; index < members.Length; index++)
        {
            (Member earlier, Member later) = (members[index - 1], members[index]);
            if (_sameName.Equals(earlier.Name, later.Name))
            {
                clash = earlier.Offset > later.Offset ? earlier : later;
                fault = earlier.Name == later.Name ? JsonFault.DuplicateName : JsonFault.NamesDifferInCaseOnly;
                return true;
            }
        }

        (clash, fault) = (default, default);
        return false;
    }

    /// <summary>Closes the members since <paramref name="first"/> and rearranges their bytes in the output.</summary>
    public void Arrange(int first, OutputBuffer output)
    {
        Span<Member> members = CollectionsMarshal.AsSpan(_open)[first..];
        members.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        if (!IsInPlace(members))
        {
            Rewrite(members, output);
        }

        _open.RemoveRange(first, members.Length);
    }

    private int ByName(Member left, Member right) => _sameName.Compare(left.Name, right.Name);

    private static bool IsInPlace(ReadOnlySpan<Member> members)
    {
        for (int index = 1; index < members.Length; index++)
        {
            if (members[index].Written.Start.Value < members[index - 1].Written.Start.Value)
            {
                return false;
            }
        }

        return true;
    }

    // The same members with the same number of commas between them take the same place, so they are written over.
    private void Rewrite(ReadOnlySpan<Member> members, OutputBuffer output)
    {
        _scratch.Clear();
        int start = int.MaxValue;
        foreach (Member member in members)
        {
            start = Math.Min(start, member.Written.Start.Value);
            if (_scratch.Length > 0)
            {
                _scratch.Append((byte)',');
            }

            _scratch.Append(output.Written[member.Written]);
        }

        output.Overwrite(start, _scratch.Written);
    }

    internal readonly record struct Member(string Name, int Offset, Range Written);
}
