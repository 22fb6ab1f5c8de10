-- What a workspace may spend is remembered between charges, like the limits of its keys and members.
DROP TRIGGER `workspaces_updated`;
--> statement-breakpoint
CREATE TRIGGER `workspaces_updated` AFTER UPDATE OF `state`, `spend_limit_micros`, `spend_reset` ON `workspaces` BEGIN INSERT INTO `invalidations` (`organization_id`) VALUES (NEW.`organization_id`); END;
