namespace Countersign.Core.Storage;

/// <summary>Where something stands that may happen once, whichever node it comes to.</summary>
public enum OnceState
{
    /// <summary>Whoever asked is the first, and has it until the given time.</summary>
    Begun,

    /// <summary>Somebody has begun it, and has not said yet what became of it.</summary>
    UnderWay,

    Done,
}
