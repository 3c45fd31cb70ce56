namespace Countersign.Tests.Postgres.Model;

/// <summary>The savepoints of a modelled connection: what is bound behind one ends when it is gone back to.</summary>
internal sealed class ModelSavepoints
{
    private readonly List<(string Name, long Portals)> _points = [];

    public static bool IsOne(string text) => Parts(text) is not null;

    /// <summary>What leaves a failed transaction.</summary>
    public static bool GoesBack(string text) => Parts(text)?.Verb == "ROLLBACK TO";

    /// <summary>Whether a text is about a savepoint that there cannot be.</summary>
    public bool IsRefused(string text, char status) => Parts(text) switch
    {
        null => false,
        ("SAVEPOINT", _) => status != 'T',
        var (_, name) => status == 'I' || !_points.Exists(point => point.Name == name),
    };

    /// <summary>Does what a text says.</summary>
    /// <param name="text">It is not refused.</param>
    /// <param name="portals">How many were bound so far.</param>
    /// <returns>The portals that outlive it; <c>null</c> is all of them.</returns>
    public long? Take(string text, long portals)
    {
        if (Parts(text) is not var (verb, name))
        {
            return null;
        }

        var at = _points.FindLastIndex(point => point.Name == name);
        switch (verb)
        {
            case "SAVEPOINT":
                _points.Add((name, portals));
                return null;
            case "RELEASE":
                _points.RemoveRange(at, _points.Count - at);
                return null;
            default:
                _points.RemoveRange(at + 1, _points.Count - at - 1);
                return _points[at].Portals;
        }
    }

    public void Clear() => _points.Clear();

    private static (string Verb, string Name)? Parts(string text) => text.Split(' ') switch
    {
        ["SAVEPOINT" or "RELEASE", var name] => (text.Split(' ')[0], name),
        ["ROLLBACK", "TO", var name] => ("ROLLBACK TO", name),
        _ => null,
    };
}
