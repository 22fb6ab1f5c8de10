-- Who somebody is, what they wear and where they belong are parts of a decision about their keys.
CREATE TRIGGER `users_updated` AFTER UPDATE OF `state` ON `users` BEGIN INSERT INTO `invalidations` (`key_id`) SELECT `id` FROM `keys` WHERE `user_id` = NEW.`id`; END;
--> statement-breakpoint
CREATE TRIGGER `members_inserted` AFTER INSERT ON `members` BEGIN INSERT INTO `invalidations` (`key_id`) SELECT `id` FROM `keys` WHERE `user_id` = NEW.`user_id`; END;
--> statement-breakpoint
CREATE TRIGGER `members_updated` AFTER UPDATE ON `members` BEGIN INSERT INTO `invalidations` (`key_id`) SELECT `id` FROM `keys` WHERE `user_id` = NEW.`user_id`; END;
--> statement-breakpoint
CREATE TRIGGER `members_deleted` AFTER DELETE ON `members` BEGIN INSERT INTO `invalidations` (`key_id`) SELECT `id` FROM `keys` WHERE `user_id` = OLD.`user_id`; END;
--> statement-breakpoint
CREATE TRIGGER `team_members_inserted` AFTER INSERT ON `team_members` BEGIN INSERT INTO `invalidations` (`key_id`) SELECT `id` FROM `keys` WHERE `user_id` = NEW.`user_id`; END;
--> statement-breakpoint
CREATE TRIGGER `team_members_deleted` AFTER DELETE ON `team_members` BEGIN INSERT INTO `invalidations` (`key_id`) SELECT `id` FROM `keys` WHERE `user_id` = OLD.`user_id`; END;
--> statement-breakpoint
-- The first hat of a workspace and the last change what every key in it sees.
CREATE TRIGGER `hats_inserted` AFTER INSERT ON `hats` BEGIN INSERT INTO `invalidations` (`organization_id`) VALUES (NEW.`organization_id`); END;
--> statement-breakpoint
CREATE TRIGGER `hats_updated` AFTER UPDATE ON `hats` BEGIN INSERT INTO `invalidations` (`organization_id`) VALUES (NEW.`organization_id`); END;
--> statement-breakpoint
CREATE TRIGGER `hats_deleted` AFTER DELETE ON `hats` BEGIN INSERT INTO `invalidations` (`organization_id`) VALUES (OLD.`organization_id`); END;
--> statement-breakpoint
CREATE TRIGGER `hat_wearers_inserted` AFTER INSERT ON `hat_wearers` BEGIN INSERT INTO `invalidations` (`key_id`) SELECT `id` FROM `keys` WHERE `id` = NEW.`wearer_id` UNION SELECT `id` FROM `keys` WHERE `user_id` = NEW.`wearer_id` UNION SELECT `keys`.`id` FROM `team_members` JOIN `keys` ON `keys`.`user_id` = `team_members`.`user_id` WHERE `team_id` = NEW.`wearer_id`; END;
--> statement-breakpoint
CREATE TRIGGER `hat_wearers_deleted` AFTER DELETE ON `hat_wearers` BEGIN INSERT INTO `invalidations` (`key_id`) SELECT `id` FROM `keys` WHERE `id` = OLD.`wearer_id` UNION SELECT `id` FROM `keys` WHERE `user_id` = OLD.`wearer_id` UNION SELECT `keys`.`id` FROM `team_members` JOIN `keys` ON `keys`.`user_id` = `team_members`.`user_id` WHERE `team_id` = OLD.`wearer_id`; END;
--> statement-breakpoint
-- A wearer's id has no foreign key, since it may be of three kinds: who goes leaves no hat behind.
CREATE TRIGGER `teams_deleted` AFTER DELETE ON `teams` BEGIN DELETE FROM `hat_wearers` WHERE `wearer_id` = OLD.`id`; END;
--> statement-breakpoint
-- These have no UPDATE of their own; somebody's SQL may.
CREATE TRIGGER `team_members_updated` AFTER UPDATE ON `team_members` BEGIN INSERT INTO `invalidations` (`key_id`) VALUES (NULL); END;
--> statement-breakpoint
CREATE TRIGGER `hat_wearers_updated` AFTER UPDATE ON `hat_wearers` BEGIN INSERT INTO `invalidations` (`key_id`) VALUES (NULL); END;
--> statement-breakpoint
-- A tenant's change is about the tenant's keys: others keep theirs in memory.
DROP TRIGGER `organizations_updated`;
--> statement-breakpoint
CREATE TRIGGER `organizations_updated` AFTER UPDATE OF `state`, `plan_slug` ON `organizations` BEGIN INSERT INTO `invalidations` (`organization_id`) VALUES (NEW.`id`); END;
--> statement-breakpoint
DROP TRIGGER `workspaces_updated`;
--> statement-breakpoint
CREATE TRIGGER `workspaces_updated` AFTER UPDATE OF `state` ON `workspaces` BEGIN INSERT INTO `invalidations` (`organization_id`) VALUES (NEW.`organization_id`); END;
--> statement-breakpoint
-- Before there were users and runtimes, their types were only names.
UPDATE `keys` SET `type` = 'workspace' WHERE `type` IN ('user', 'runtime') AND `user_id` IS NULL;
--> statement-breakpoint
-- A key's runtimes end with it, whatever revoked it, and so do the links that it made.
CREATE TRIGGER `keys_revoked` AFTER UPDATE OF `revoked_at_ms` ON `keys` WHEN OLD.`revoked_at_ms` IS NULL AND NEW.`revoked_at_ms` IS NOT NULL BEGIN UPDATE `runtimes` SET `ended_at_ms` = NEW.`revoked_at_ms`, `ended_by` = NEW.`revoked_by` WHERE `key_id` = NEW.`id` AND `ended_at_ms` IS NULL; DELETE FROM `links` WHERE `created_by` = NEW.`id`; END;
