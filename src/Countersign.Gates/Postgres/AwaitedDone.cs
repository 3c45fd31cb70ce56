using Countersign.Gates.Postgres.Masking;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres;

/// <summary>A statement about the session: once the database has done it, the gate knows it too.</summary>
/// <param name="done">What it knows then.</param>
/// <param name="dropped">Told when the database did not do it.</param>
internal sealed class AwaitedDone(Action done, Action? dropped = null) : AwaitedRows(isSilent: false)
{
    /// <summary>Whether it is about names and constants alone, so that its errors cannot tell of rows.</summary>
    public bool NamesOnly { get; init; }

    public override WordStage Stage => NamesOnly ? WordStage.Names : WordStage.Runs;

    public override void Drop() => dropped?.Invoke();

    protected override bool OnEnd(WireMessage message)
    {
        done();
        return true;
    }
}
