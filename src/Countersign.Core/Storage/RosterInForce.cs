using Countersign.Core.Identity;

namespace Countersign.Core.Storage;

/// <summary>The roster the store knows to be in force.</summary>
/// <param name="Hash">Which one.</param>
/// <param name="Epoch">How often it changed.</param>
/// <param name="Entry">
/// Index of the <c>person.changed</c> or <c>agent.changed</c> entry whose payload holds all of it.
/// </param>
public sealed record RosterInForce(RosterHash Hash, long Epoch, long? Entry);
