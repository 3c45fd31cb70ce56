namespace Countersign.Tests.Postgres.Model;

/// <summary>What becomes of the client's texts at a modelled database.</summary>
/// <param name="IsRefused">Whether a text fails when it is to run; a database itself lets everything run.</param>
/// <param name="IsLate">
/// Whether a text is bound only when it runs: the gate's portals of what has to be asked for, see the list of
/// differences in docs/reference/postgres.md.
/// </param>
/// <param name="MayRun">Whether somebody was asked for a text, of those that have to be asked for.</param>
internal sealed record ModelPolicy(
    Func<string, bool> IsRefused, Func<string, bool> IsLate, Func<string, bool> MayRun)
{
    /// <summary>Of a direct connection on which nobody may run what is refused.</summary>
    public static ModelPolicy Direct { get; } = new(Refuses, Asks, static _ => true) { IsGate = true };

    /// <summary>Whether it differs from a database in what the list of differences says of names in texts.</summary>
    public bool IsGate { get; private init; }

    /// <summary>Of the database behind the gate.</summary>
    /// <param name="mayRun">Whether a text is that of an action that is executed now.</param>
    public static ModelPolicy Behind(Func<string, bool> mayRun) => new(
        static _ => false, static _ => false, text => !Asks(text) || mayRun(text));

    public static bool Refuses(string text) => text is Vocabulary.Denied or Vocabulary.Rejected;

    private static bool Asks(string text) => Refuses(text) || text
        is Vocabulary.Approved or Vocabulary.Allowed or Vocabulary.CopyIn;
}
