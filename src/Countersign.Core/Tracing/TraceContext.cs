using System.Buffers;
using System.Diagnostics;

namespace Countersign.Core.Tracing;

/// <summary>
/// A point in a trace, as <c>traceparent</c> and <c>tracestate</c> name it (W3C Trace Context). Whoever asks may write
/// anything there, so that only what is valid and within the specification's limits gets in here.
/// </summary>
public sealed record TraceContext
{
    /// <summary>Longest <c>tracestate</c> in characters: what section 3.3.1.5 asks everybody to propagate.</summary>
    public const int MaxState = 512;

    /// <summary>Most members of a <c>tracestate</c> (section 3.3.1.1).</summary>
    public const int MaxMembers = 32;

    /// <summary>Members longer than this go first where something has to go (section 3.3.1.5).</summary>
    private const int LongMember = 128;

    private const int MaxKey = 256;
    private const int MaxValue = 256;
    private const int ParentLength = 55;

    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    private static readonly SearchValues<char> KeyCharacters =
        SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyz_-*/@");

    private TraceContext(string parent, string? state) => (Parent, State) = (parent, state);

    /// <summary><c>00-</c>trace id<c>-</c>span id<c>-</c>flags, all lower-case hexadecimal.</summary>
    public string Parent { get; }

    /// <summary>What tracing systems say to each other about the trace; <c>null</c> when they say nothing.</summary>
    public string? State { get; }

    /// <summary>Reads both; <c>null</c> without a valid <c>traceparent</c>, whatever the other says.</summary>
    public static TraceContext? Read(string? parent, string? state)
    {
        if (parent is null || !IsParent(parent))
        {
            return null;
        }

        // Of the flags only "sampled" is defined for version 00, and a later version is read as this one.
        var isSampled = (Convert.FromHexString(parent.AsSpan(53, 2))[0] & (byte)ActivityTraceFlags.Recorded) != 0;
        return new TraceContext($"00-{parent[3..52]}-{(isSampled ? "01" : "00")}", Within(state));
    }

    internal static TraceContext Of(Activity span) => new(
        $"00-{span.TraceId}-{span.SpanId}-{(span.Recorded ? "01" : "00")}", Within(span.TraceStateString));

    /// <summary>The same as the framework knows it: from elsewhere, or from before a restart.</summary>
    internal ActivityContext ToActivityContext() => new(
        ActivityTraceId.CreateFromString(Parent.AsSpan(3, 32)),
        ActivitySpanId.CreateFromString(Parent.AsSpan(36, 16)),
        Parent.EndsWith("01", StringComparison.Ordinal) ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None,
        State,
        isRemote: true);

    /// <summary>Section 3.2.2; a later version may say more after its flags.</summary>
    private static bool IsParent(string text)
    {
        if (text.Length < ParentLength || text[2] != '-' || text[35] != '-' || text[52] != '-')
        {
            return false;
        }

        var version = text.AsSpan(0, 2);
        var isComplete = text.Length == ParentLength || version is not "00" && text[ParentLength] == '-';
        return isComplete
            && IsHex(version)
            && version is not "ff"
            && IsId(text.AsSpan(3, 32))
            && IsId(text.AsSpan(36, 16))
            && IsHex(text.AsSpan(53, 2));
    }

    private static bool IsHex(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(Hex);

    private static bool IsId(ReadOnlySpan<char> text) => IsHex(text) && text.ContainsAnyExcept('0');

    /// <summary>Drops what is not valid as a whole, and cuts members off what is too long.</summary>
    private static string? Within(string? state)
    {
        if (string.IsNullOrEmpty(state))
        {
            return null;
        }

        var members = state.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToList();
        if (members.Count > MaxMembers || !members.TrueForAll(IsMember))
        {
            return null;
        }

        if (LengthOf(members) > MaxState)
        {
            members.RemoveAll(member => member.Length > LongMember);
        }

        while (LengthOf(members) > MaxState)
        {
            members.RemoveAt(members.Count - 1);
        }

        return members.Count == 0 ? null : string.Join(',', members);
    }

    private static int LengthOf(List<string> members) => members.Sum(member => member.Length) + members.Count - 1;

    private static bool IsMember(string member)
    {
        var equals = member.IndexOf('=');
        return equals is > 0 and <= MaxKey
            && member.Length - equals - 1 is > 0 and <= MaxValue
            && !member.AsSpan(0, equals).ContainsAnyExcept(KeyCharacters)
            && member.AsSpan(equals + 1).IndexOf('=') < 0
            && !member.AsSpan(equals + 1).ContainsAnyExceptInRange(' ', '~');
    }
}
