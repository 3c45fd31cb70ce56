namespace Countersign.Core;

/// <summary>
/// An answer on its way to the caller. Disposed by the gate once the answer has left or failed to leave; until then no
/// identical call takes the same outcome.
/// </summary>
public sealed class Handled : IDisposable
{
    private readonly Callers.Presence? _presence;

    internal Handled(Answer answer, Callers.Presence? presence)
    {
        Answer = answer;
        _presence = presence;
    }

    public Answer Answer { get; }

    public void Dispose() => _presence?.Dispose();
}
