using System.Collections.Immutable;

namespace Countersign.Gates.Http.OpenApi;

/// <summary>A path with variables, such as <c>/repos/{owner}/{repo}/compare/{basehead}</c>.</summary>
internal sealed record PathTemplate(ImmutableArray<SegmentTemplate> Segments)
{
    /// <exception cref="FormatException">It is no template.</exception>
    public static PathTemplate Parse(string text) => text.StartsWith('/')
        ? new PathTemplate([.. text[1..].Split('/').Select(SegmentTemplate.Parse)])
        : throw new FormatException($"the path '{text}' does not begin with a slash");
}

/// <summary>One segment: texts and variables in turn, beginning and ending with a text that may be empty.</summary>
internal sealed record SegmentTemplate(ImmutableArray<string> Texts, ImmutableArray<string> Variables)
{
    /// <summary>Segments of one form match the same requests, whatever their variables are called.</summary>
    public string Form => string.Join("{}", Texts);

    public bool IsLiteral => Variables.IsEmpty;

    /// <summary>How much of it is said; the more, the earlier it is tried.</summary>
    public int Weight => Texts.Sum(text => text.Length);

    /// <exception cref="FormatException">A brace has no partner.</exception>
    public static SegmentTemplate Parse(string text)
    {
        var texts = ImmutableArray.CreateBuilder<string>();
        var variables = ImmutableArray.CreateBuilder<string>();
        var at = 0;
        while (text.IndexOf('{', at) is >= 0 and var open)
        {
            var close = text.IndexOf('}', open);
            if (close < open + 2)
            {
                throw new FormatException($"the path segment '{text}' has a brace without a name or a partner");
            }

            texts.Add(text[at..open]);
            variables.Add(text[(open + 1)..close]);
            at = close + 1;
        }

        texts.Add(text[at..]);
        return new SegmentTemplate(texts.ToImmutable(), variables.ToImmutable());
    }

    /// <summary>What the variables are in a segment; <c>null</c> when it does not fit. No variable is empty.</summary>
    public ImmutableArray<string>? Match(string segment)
    {
        if (IsLiteral)
        {
            return segment == Texts[0] ? [] : null;
        }

        if (!segment.StartsWith(Texts[0], StringComparison.Ordinal))
        {
            return null;
        }

        var values = ImmutableArray.CreateBuilder<string>();
        var at = Texts[0].Length;
        for (var i = 0; i < Variables.Length; i++)
        {
            var next = Texts[i + 1];
            var isLast = i == Variables.Length - 1;
            var end = isLast
                ? segment.EndsWith(next, StringComparison.Ordinal) ? segment.Length - next.Length : -1
                : segment.IndexOf(next, Math.Min(at + 1, segment.Length), StringComparison.Ordinal);
            if (end <= at)
            {
                return null;
            }

            values.Add(segment[at..end]);
            at = end + next.Length;
        }

        return values.ToImmutable();
    }
}
