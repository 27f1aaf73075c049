        include pm_services/common.inc
        end
