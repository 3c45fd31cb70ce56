using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;

namespace Countersign.Core.Records;

/// <summary>One change of what an agent asked for.</summary>
/// <param name="By">Who changed it; their vote never counts for it.</param>
/// <param name="At">When, by the store's clock.</param>
/// <param name="Comment">Why, in their words.</param>
/// <param name="Before">The arguments of the revision that they changed.</param>
public sealed record Modification(PersonId By, DateTimeOffset At, string? Comment, CanonicalJson Before);
