using Countersign.Gates.Postgres.Wire;

namespace Countersign.Tests.Postgres.Model;

/// <summary>What one client says, and in what pieces it arrives.</summary>
internal sealed record Walk(IReadOnlyList<Letter> Letters)
{
    /// <summary>How many letters arrive together, by turns; one by one by default.</summary>
    public IReadOnlyList<int> Together { get; init; } = [1];

    public ProxyBug Bug { get; init; }

    /// <summary>A random walk, which ends with a Sync.</summary>
    public static Walk Random(int seed, int length)
    {
        // Seeded, so that a walk can be taken again; nothing here has to be hard to guess.
        var random = new Random(seed);
        return new Walk([.. Enumerable.Range(0, length).Select(_ => Vocabulary.Next(random)), Vocabulary.Sync])
        {
            Together = random.GetItems([1, 1, 2, 3, 5, 8], length),
        };
    }

    /// <summary>Its bytes as they arrive; Terminate is the last of them.</summary>
    public IEnumerable<byte[]> Pieces()
    {
        var (at, turn) = (0, 0);
        while (at < Letters.Count)
        {
            var count = Math.Min(Together[turn++ % Together.Count], Letters.Count - at);
            yield return [.. Letters.Skip(at).Take(count).SelectMany(letter => letter.Bytes)];
            at += count;
        }

        yield return Vocabulary.Terminate.Bytes;
    }

    /// <summary>The same without some of its letters; its last Sync stays.</summary>
    public Walk Without(int at, int count) => this with
    {
        Letters = [.. Letters.Take(at), .. Letters.Skip(Math.Min(at + count, Letters.Count - 1))],
    };

    /// <summary>What is wrong with how the gate carried it, by the rule that it breaks; nothing by default.</summary>
    public IEnumerable<string> WhatIsWrong(Walked walked)
    {
        var (model, told) = Model();
        foreach (var breach in walked.Server.Breaches)
        {
            yield return breach;
        }

        if (!model.Ran.SequenceEqual(walked.Server.Ran))
        {
            yield return $"{Rule.SameRuns}\n  model {string.Join(" | ", model.Ran)}\n  gate  {string.Join(
                " | ", walked.Server.Ran)}";
        }

        var heard = Shown(walked.Heard);
        if (told != heard)
        {
            yield return $"{Rule.SameHeard}\n  model {told}\n  gate  {heard}";
        }

        if (walked.Broken is { } broken)
        {
            yield return $"{Rule.Lives}: {broken}";
        }
    }

    public override string ToString() => string.Join(", ", Letters);

    /// <summary>What a direct connection would have made of it.</summary>
    private (ModelServer Model, string Told) Model()
    {
        var model = new ModelServer(ModelPolicy.Direct);
        using var told = new MemoryStream();
        using var writer = new WireWriter(told);
        foreach (var message in Letters.SelectMany(letter => Messages(letter.Bytes)))
        {
            model.Take(message, writer);
        }

        writer.FlushAsync(TestContext.Current.CancellationToken).AsTask().GetAwaiter().GetResult();
        return (model, Shown(told.ToArray()));
    }

    /// <summary>Types of messages and states of transactions; notices and settings may come at any time.</summary>
    private static string Shown(byte[] messages) => string.Join(' ', Messages(messages)
        .Where(message => message.Type is not (BackendMessage.NoticeResponse or BackendMessage.ParameterStatus))
        .Select(message => message.Type == BackendMessage.ReadyForQuery
            ? $"Z{(char)message.Body[0]}"
            : $"{(char)message.Type}"));

    private static IEnumerable<WireMessage> Messages(byte[] bytes)
    {
        for (var at = 0; at < bytes.Length;)
        {
            var head = MessageHead.Read(bytes.AsSpan(at));
            yield return new WireMessage(head.Type, bytes.AsMemory(at, head.Length));
            at += head.Length;
        }
    }
}

/// <summary>What holds of every connection through the gate.</summary>
internal static class Rule
{
    /// <summary>Only messages that name what was understood reach the database.</summary>
    public const string Understood = "P1 the database was sent what nobody understands";

    /// <summary>What has to be asked for is planned and run only while its own action is executed.</summary>
    public const string Asked = "P2 nobody was asked";

    /// <summary>What was refused is neither planned nor run.</summary>
    public const string Refused = "P3 it was refused, and was planned";

    /// <summary>Otherwise the same runs, in the same order, as on a direct connection.</summary>
    public const string SameRuns = "P4 what ran is not what a direct connection would have run";

    /// <summary>The client hears what it would hear there.</summary>
    public const string SameHeard = "P5 what was heard is not what a direct connection would have said";

    /// <summary>Nothing that a client may say ends its connection.</summary>
    public const string Lives = "P6 the connection ended";
}
