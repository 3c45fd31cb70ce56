namespace Countersign.Tests.Postgres.Clients;

/// <summary>One query of the corpus, and what its client does when it may copy.</summary>
/// <param name="Text">What is asked.</param>
internal sealed record Asked(string Text)
{
    private const string File = "tests/Countersign.Tests/Postgres/Clients/commands.txt";

    /// <summary>The lines that a COPY gets.</summary>
    public string Copied { get; private init; } = "";

    /// <summary>Why the client gives up behind these lines; <c>null</c> when it does not.</summary>
    public string? GivesUp { get; private init; }

    /// <summary>The commands of <c>commands.txt</c>, which says how it is written.</summary>
    public static IReadOnlyList<Asked> ReadAll()
    {
        var all = new List<Asked>();
        foreach (var line in System.IO.File.ReadLines(RepositoryRoot.Combine(File)))
        {
            if (line.StartsWith("<!", StringComparison.Ordinal))
            {
                all[^1] = all[^1] with { GivesUp = line[2..] };
            }
            else if (line.StartsWith('<'))
            {
                all[^1] = all[^1] with { Copied = $"{all[^1].Copied}{line[1..]}\n" };
            }
            else if (line.Length > 0 && line[0] != '#')
            {
                all.Add(new Asked(line));
            }
        }

        return all;
    }
}
